"""The two trees of errors."""

from __future__ import annotations

from gsheet_ml_scheduler.localsheets import errors


def test_an_api_error_is_an_answer_in_googles_form() -> None:
    assert errors.not_found().body() == {
        "error": {
            "code": 404,
            "message": "Requested entity was not found.",
            "status": "NOT_FOUND",
        }
    }
    assert errors.permission_denied().body() == {
        "error": {
            "code": 403,
            "message": "The caller does not have permission",
            "status": "PERMISSION_DENIED",
        }
    }
    refused = errors.invalid_argument("Unable to parse range: x", [{"@type": "t"}])
    assert refused.body()["error"]["details"] == [{"@type": "t"}]
    assert str(refused) == "Unable to parse range: x"


def test_every_error_of_a_file_is_a_workbook_error_and_drawn_in_the_plaque() -> None:
    found = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.WorkbookError)
    ]
    assert len(found) == 10
    assert not any(issubclass(kind, errors.ApiError) for kind in found)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in found)
