"""Cells with all kinds of values and looks, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

COLORS = st.tuples(*[st.integers(0, 255)] * 3).map(
    lambda rgb: {n: v / 255 for n, v in zip(("red", "green", "blue"), rgb) if v}
)
PATTERNS = st.sampled_from(
    [
        {"type": "NUMBER", "pattern": "0.00"},
        {"type": "NUMBER", "pattern": "#,##0.0"},
        {"type": "PERCENT", "pattern": "0.0%"},
        {"type": "SCIENTIFIC", "pattern": "0.00E+00"},
        {"type": "CURRENCY", "pattern": '"$"#,##0.00'},
        {"type": "DATE", "pattern": "yyyy-mm-dd"},
        {"type": "TIME", "pattern": "h:mm:ss am/pm"},
        {"type": "TIME", "pattern": "[h]:mm"},
        {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"},
        {"type": "DATE"},
        {"type": "TEXT"},
    ]
)
LOOKS = st.fixed_dictionaries(
    {},
    optional={
        "backgroundColor": COLORS,
        "numberFormat": PATTERNS,
        "textFormat": st.fixed_dictionaries(
            {"bold": st.just(True)},
            optional={"italic": st.just(True), "foregroundColor": COLORS.filter(bool)},
        ),
        "horizontalAlignment": st.sampled_from(["LEFT", "CENTER", "RIGHT"]),
        "wrapStrategy": st.just("WRAP"),
    },
)
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(
        lambda value: {"stringValue": value}
    ),
    st.sampled_from(["=1+1", "_x0041_", "_x005F_x0041_", "\r\n", " ", "1e5", "TRUE", "#N/A"]).map(
        lambda value: {"stringValue": value}
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: {"numberValue": value}),
    st.integers(-(2**53), 2**53).map(lambda value: {"numberValue": value}),
    st.booleans().map(lambda value: {"boolValue": value}),
)
CELLS = st.fixed_dictionaries(
    {}, optional={"userEnteredValue": VALUES, "userEnteredFormat": LOOKS.filter(bool)}
)
