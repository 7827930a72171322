"""The agent: `gsheet-ml work` claims runs for a command, and sees each through.

Pure rooms decide: `macros` (config -> arguments), `outcomes` (exit -> status), `limits` (when to
claim no more), `grace` (how a script is asked to end), `slots` and `gpus` (how many at once, and
where). `supervisor` is a small process between the agent and each script, so that nothing is left
running whatever becomes of the agent; `supervised` is the agent's end of it. `folders` knows the
run directory, `metric_lines` the metrics in it, `provenance` what a run was started from. `queue`
claims runs, `reporting` tells their rows what became of them, `placing` finds a slot, `jobs` is one
run under way, `working` the loop, `interrupts` Ctrl-C, `telling` what people see, `script` what a
script sees of all this (`current_run()`).
"""
