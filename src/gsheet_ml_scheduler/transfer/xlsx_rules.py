"""Data validation and conditional formats: Excel's as the Sheets API's, and back.

Decided here: which conditions both programs have. What only one has is answered as None, and the
caller says so.
"""

from __future__ import annotations

import re
from typing import Any

from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, FormulaRule, Rule
from openpyxl.styles import PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation

from gsheet_ml_scheduler.transfer.stream import Json
from gsheet_ml_scheduler.transfer.xlsx_styles import Palette, argb, font_of, rgb_of, text_format
from gsheet_ml_scheduler.transfer.xlsx_text import formula_from, formula_to

_OPERATORS = {
    "equal": "EQ",
    "notEqual": "NOT_EQ",
    "greaterThan": "GREATER",
    "greaterThanOrEqual": "GREATER_THAN_EQ",
    "lessThan": "LESS",
    "lessThanOrEqual": "LESS_THAN_EQ",
    "between": "BETWEEN",
    "notBetween": "NOT_BETWEEN",
}
_DATE_OPERATORS = {
    "equal": "EQ",
    "greaterThan": "AFTER",
    "greaterThanOrEqual": "ON_OR_AFTER",
    "lessThan": "BEFORE",
    "lessThanOrEqual": "ON_OR_BEFORE",
    "between": "BETWEEN",
    "notBetween": "NOT_BETWEEN",
}
_TEXTS = {
    "containsText": "TEXT_CONTAINS",
    "notContainsText": "TEXT_NOT_CONTAINS",
    "beginsWith": "TEXT_STARTS_WITH",
    "endsWith": "TEXT_ENDS_WITH",
}
_BLANKS = {"containsBlanks": "BLANK", "notContainsBlanks": "NOT_BLANK"}
_TEXT_FORMULAS = {  # Excel wants a rule about text as a formula, too; {0} is the first cell
    "TEXT_CONTAINS": "NOT(ISERROR(SEARCH({1},{0})))",
    "TEXT_NOT_CONTAINS": "ISERROR(SEARCH({1},{0}))",
    "TEXT_STARTS_WITH": "LEFT({0},LEN({1}))={1}",
    "TEXT_ENDS_WITH": "RIGHT({0},LEN({1}))={1}",
    "BLANK": "LEN(TRIM({0}))=0",
    "NOT_BLANK": "LEN(TRIM({0}))>0",
}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_POINTS = {"MIN": "min", "MAX": "max", "NUMBER": "num", "PERCENT": "percent"}
_POINTS |= {"PERCENTILE": "percentile"}
_LONGEST_LIST = 255  # characters that Excel takes as a list
BOOLEAN_LIST = '"TRUE,FALSE"'


def _value_from(text: str) -> Json:
    """Excel's operand, a formula without `=`, as a ConditionValue."""
    if _NUMBER.fullmatch(text):
        return {"userEnteredValue": text}
    if len(text) > 1 and text[0] == text[-1] == '"':
        return {"userEnteredValue": text[1:-1].replace('""', '"')}
    return {"userEnteredValue": formula_from(f"={text}")}


def _value_to(value: Json) -> str:
    said = str(value.get("userEnteredValue", ""))
    if said.startswith("="):
        return formula_to(said)[0][1:]
    return said if _NUMBER.fullmatch(said) else _quoted(said)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def validation_from(rule: Any) -> Json | None:
    """An openpyxl DataValidation as a DataValidationRule."""
    condition = _condition_from(rule)
    if condition is None:
        return None
    found: Json = {"condition": condition}
    if rule.errorStyle in (None, "stop"):
        found["strict"] = True
    if rule.type == "list" and not rule.showDropDown:  # Excel's flag means: hide it
        found["showCustomUi"] = True
    if rule.prompt:
        found["inputMessage"] = rule.prompt
    return found


def _condition_from(rule: Any) -> Json | None:
    first = rule.formula1 or ""
    if rule.type == "list":
        if first == BOOLEAN_LIST:
            return {"type": "BOOLEAN"}
        if first.startswith('"'):
            items = [item.strip() for item in first[1:-1].replace('""', '"').split(",")]
            return {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": i} for i in items]}
        return {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": f"={first}"}]}
    if rule.type == "custom":
        return {"type": "CUSTOM_FORMULA", "values": [_value_from(first)]}
    tables = {"whole": _OPERATORS, "decimal": _OPERATORS, "date": _DATE_OPERATORS}
    operators = tables.get(rule.type, {})
    operator = operators.get(rule.operator or "between")
    if operator is None:
        return None
    kind = "DATE" if rule.type == "date" else "NUMBER"
    operands = [first, rule.formula2] if operator.endswith("BETWEEN") else [first]
    return {"type": f"{kind}_{operator}", "values": [_value_from(one or "") for one in operands]}


def validation_to(rule: Json) -> Any | None:
    """A DataValidationRule as an openpyxl DataValidation, still without cells."""
    condition = rule["condition"]
    said = _condition_to(condition["type"], condition.get("values", []))
    if said is None:
        return None
    message = rule.get("inputMessage")
    return DataValidation(
        **said,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="stop" if rule.get("strict") else "warning",
        showInputMessage=bool(message),
        prompt=message,
        showDropDown=None if rule.get("showCustomUi") or said["type"] != "list" else True,
    )


def _condition_to(kind: str, values: list[Json]) -> dict[str, Any] | None:
    if kind == "BOOLEAN":
        return None if values else {"type": "list", "formula1": BOOLEAN_LIST}
    if kind == "ONE_OF_LIST":
        items = [str(value.get("userEnteredValue", "")) for value in values]
        joined = ",".join(items)
        if len(joined) > _LONGEST_LIST or any(
            "," in item or item != item.strip() for item in items
        ):
            return None
        return {"type": "list", "formula1": _quoted(joined)}
    if kind == "ONE_OF_RANGE":
        return {"type": "list", "formula1": str(values[0]["userEnteredValue"]).removeprefix("=")}
    if kind == "CUSTOM_FORMULA":
        return {"type": "custom", "formula1": _value_to(values[0])}
    family, _, rest = kind.partition("_")
    tables = {"NUMBER": ("decimal", _OPERATORS), "DATE": ("date", _DATE_OPERATORS)}
    name, operators = tables.get(family, ("", {}))
    operator = next((excel for excel, ours in operators.items() if ours == rest), None)
    if operator is None or not values or any("relativeDate" in value for value in values):
        return None
    operands = {f"formula{n + 1}": _value_to(value) for n, value in enumerate(values)}
    return {"type": name, "operator": operator, **operands}


def rule_from(rule: Any, palette: Palette, usual: Any) -> Json | None:
    """An openpyxl Rule as a ConditionalFormatRule, still without ranges."""
    if rule.type == "colorScale":
        return _gradient_from(rule.colorScale, palette)
    condition = _rule_condition(rule)
    if condition is None or rule.dxf is None:
        return None
    look: Json = {}
    fill = rule.dxf.fill
    color = palette.color(fill.bgColor) if isinstance(fill, PatternFill) else None
    if color is not None:
        look["backgroundColor"] = color
    text = text_format(rule.dxf.font, palette, usual) if rule.dxf.font else {}
    text = {n: v for n, v in text.items() if n not in ("fontFamily", "fontSize")}
    if text:
        look["textFormat"] = text
    return {"booleanRule": {"condition": condition, "format": look}} if look else None


def _rule_condition(rule: Any) -> Json | None:
    formulas = list(rule.formula or [])
    if rule.type == "cellIs" and rule.operator in _OPERATORS and formulas:
        values = [_value_from(one) for one in formulas]
        kind = f"NUMBER_{_OPERATORS[rule.operator]}"
        is_text = formulas[0].startswith('"')
        if is_text and rule.operator not in ("equal",):
            return None
        return {"type": "TEXT_EQ" if is_text else kind, "values": values}
    if rule.type == "expression" and formulas:
        value = {"userEnteredValue": formula_from(f"={formulas[0]}")}
        return {"type": "CUSTOM_FORMULA", "values": [value]}
    if rule.type in _TEXTS and rule.text:
        return {"type": _TEXTS[rule.type], "values": [{"userEnteredValue": rule.text}]}
    return {"type": _BLANKS[rule.type]} if rule.type in _BLANKS else None


def _gradient_from(scale: Any, palette: Palette) -> Json | None:
    names = (
        ("minpoint", "maxpoint") if len(scale.cfvo) == 2 else ("minpoint", "midpoint", "maxpoint")
    )
    kinds = {excel: ours for ours, excel in _POINTS.items()}
    found: Json = {}
    for name, point, color in zip(names, scale.cfvo, scale.color):
        rgb = palette.color(color)
        if point.type not in kinds or rgb is None:
            return None
        found[name] = {"color": rgb, "type": kinds[point.type]}
        if point.type not in ("min", "max") and point.val is not None:
            found[name]["value"] = f"{point.val:g}"
    return {"gradientRule": found}


def rule_to(rule: Json, first_cell: str, usual: Any) -> Any | None:
    """A ConditionalFormatRule as an openpyxl Rule.

    Args:
        rule: with its ranges.
        first_cell: the cell in the corner of the first range, as `A1`.
        usual: the file's default font.
    """
    if "gradientRule" in rule:
        return _gradient_to(rule["gradientRule"])
    condition, look = rule["booleanRule"]["condition"], rule["booleanRule"].get("format", {})
    kind, values = condition["type"], condition.get("values", [])
    if any("relativeDate" in value for value in values):
        return None
    fill = rgb_of(look, "backgroundColor")
    said = {
        "font": _rule_font(look["textFormat"], usual) if look.get("textFormat") else None,
        "fill": PatternFill(bgColor=argb(fill)) if fill is not None else None,
    }
    if kind == "CUSTOM_FORMULA":
        return FormulaRule(formula=[_value_to(values[0])], **said)
    if kind in _TEXT_FORMULAS:
        text = str(values[0].get("userEnteredValue", "")) if values else ""
        if text.startswith("="):
            return None
        formula = _TEXT_FORMULAS[kind].format(first_cell, _quoted(text))
        names = {ours: excel for excel, ours in (*_TEXTS.items(), *_BLANKS.items())}
        operator = names[kind] if kind in _TEXTS.values() else None
        operator = "notContains" if operator == "notContainsText" else operator
        return Rule(
            names[kind],
            dxf=DifferentialStyle(**said),
            formula=[formula],
            text=text or None,
            operator=operator,
        )
    name = "EQ" if kind == "TEXT_EQ" else kind.removeprefix("NUMBER_")
    operator = next((excel for excel, ours in _OPERATORS.items() if ours == name), None)
    if operator is None or not kind.startswith(("NUMBER_", "TEXT_EQ")):
        return None
    return CellIsRule(operator=operator, formula=[_value_to(value) for value in values], **said)


def _rule_font(said: Json, usual: Any) -> Any:
    font = font_of(said, usual)
    font.name = font.sz = None  # a rule changes neither
    return font


def _gradient_to(points: Json) -> Any | None:
    said: dict[str, Any] = {}
    for ours, excel in (("minpoint", "start"), ("midpoint", "mid"), ("maxpoint", "end")):
        point = points.get(ours)
        if point is None:
            continue
        color = rgb_of(point, "color")
        value = point.get("value")
        if color is None or point.get("type") not in _POINTS:
            return None
        if value is not None and not _NUMBER.fullmatch(str(value)):
            return None
        said[f"{excel}_type"] = _POINTS[point["type"]]
        said[f"{excel}_value"] = None if value is None else float(value)
        said[f"{excel}_color"] = argb(color)
    return ColorScaleRule(**said)
