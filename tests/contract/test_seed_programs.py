# ruff: noqa: E501 - the programs stand as they are
"""The programs that scripts of the original are made of run unchanged but for the location."""

import re
from typing import Any

import pytest

from tests.contract.watching import BLUE, Queue, same

BASIC_USE = """
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
import time

# During the initialisation, a popup will ask you to grant Colab read/write rights (revoked each time the Colab runtime VM is disconnected/restarted)
sheet_link = LOCATION
scheduler = GSheetMLScheduler(sheet_link)

while True:
  # Finds a run with the status "ready" and replaces "ready" by "running"
  run_name, config = scheduler.find_claim_and_start_run()
  if run_name is None:
    print("No more ready runs")
    break
  print(f"Starting run {run_name} with config={config}")


  # Your learning loop here
  for epoch in range(config["n_epoch"]):
    time.sleep(0.5)


  # Replaces status "running" by "done"
  scheduler.run_done()
"""

ALL_FEATURES = """
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter

run_writer = GSheetMLRunWriter(gsheet_file_url, sheet_index=0, comma_number_format=False, google_service_account_json_path=None)
run_writer.write_runs(configs)

scheduler = GSheetMLScheduler(gsheet_file_url, sheet_index=0, hardcoded_default_config=None, comma_number_format=False, google_service_account_json_path=None)
run_name, config = scheduler.find_claim_and_start_run()
claimed = [(run_name, config)]

updated_config, changed_keys = scheduler.sync_config_and_status(new_status_str="1/2")
synced = [(updated_config, changed_keys)]
new_status_str = "2/2"
scheduler.update_status(new_status_str)
gsheet_updated_config, changed_keys = scheduler.check_for_config_updates()
updated_config = GSheetMLScheduler.complete_missing_config_params(gsheet_updated_config, hardcoded_default_config)
scheduler.run_done()

ready_run_id, gsheet_config = scheduler.find_ready_run()
claim_success = scheduler.claim_and_start_run(ready_run_id)
config = GSheetMLScheduler.complete_missing_config_params(gsheet_config, hardcoded_default_config)
scheduler.run_done("done by hand")

print("Colors", scheduler.colors) # You can change the colors

scheduler.download_data() # Manually downloads the gsheet data

print("Nb_runs", scheduler.nb_runs)
print("Keys", scheduler.keys)
print("Key_ids", scheduler.key_ids)
print("Config_keys", scheduler.config_keys)
print("Config_defaults", scheduler.config_defaults)
print("Values", scheduler.values)

# Use get_run_config(run_index) to get value + config_defaults (but not hardcoded_config_defaults)
print("\\nAll run-status-configs")
for i in range(scheduler.nb_runs):
  print([scheduler.values["run_name"][i], scheduler.values["status"][i], scheduler.get_run_config(i)])

_ = scheduler.sheet.update_cell(sheet_line, sheet_column, str_value)
_ = scheduler.sheet.update_cell(1+python_line_index, 1+python_column_index, str_value)
"""


def run(program: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(program, "the program", "exec"), names)
    return names


def test_the_basic_program_runs_all_that_is_ready(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.fill(
        ["1", "ready"], ["2", "ready", "", "", 0.0001], ["3", "ready", "", 2, 5e-05],
        ["draft", "", "", 4], ["by hand", "later", "", 4],
        defaults=["", "N/A", "N/A", 1, 0.0005],
    )  # fmt: skip
    run(BASIC_USE, {"LOCATION": queue.location})
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        r"Scheduler connected to GSheet, its name is worker <[A-Za-z0-9]{6}>", printed[0]
    )
    assert printed[1:] == [
        "Starting run 1 with config={'n_epoch': 1, 'learning_rate': 0.0005}",
        "Starting run 2 with config={'n_epoch': 1, 'learning_rate': 0.0001}",
        "Starting run 3 with config={'n_epoch': 2, 'learning_rate': 5e-05}",
        "No more ready runs",
    ]
    worker = printed[0][-7:-1]
    assert [line[:5] for line in queue.lines()[2:5]] == [
        ["1", "done", worker, 1, 0.0005],
        ["2", "done", worker, 1, 0.0001],
        ["3", "done", worker, 2, 5e-05],
    ]
    assert queue.statuses() == dict.fromkeys("123", "done") | {"draft": "", "by hand": "later"}
    assert same(queue.backgrounds()["3"], BLUE)


def test_the_program_with_all_features_runs(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.fill()
    names = run(
        ALL_FEATURES,
        {
            "gsheet_file_url": queue.location,
            "configs": [{"n_epoch": 3, "optimizer": "adam"}, {"run_name": "mine", "optimizer": ""}],
            "hardcoded_default_config": {"seed": 7},
            "sheet_line": 9,
            "sheet_column": 1,
            "str_value": "a note",
            "python_line_index": 9,
            "python_column_index": 1,
        },
    )
    adam = {"n_epoch": 3, "learning_rate": 0.0005, "optimizer": "adam"}
    assert names["claimed"] == [("1", adam)]
    assert names["synced"] == [(adam, [])]
    assert names["updated_config"] == {**adam, "seed": 7}
    assert names["ready_run_id"] == 1
    assert names["claim_success"] is True
    assert names["config"] == {"n_epoch": 10, "learning_rate": 0.0005, "optimizer": "", "seed": 7}
    printed = capsys.readouterr().out
    assert "Nb_runs 2" in printed
    assert (
        "Keys ['run_name', 'status', 'worker_name', 'n_epoch', 'learning_rate', 'optimizer']"
        in (printed)
    )
    assert f"['1', 'done', {adam}]" in printed
    assert "['mine', 'done by hand'" in printed
    assert queue.sheet.acell("A9").value == "a note"
    assert queue.sheet.acell("B10").value == "a note"
