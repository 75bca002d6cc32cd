#!/usr/bin/env python3
"""Runs the pipeline files of a CI system over stand-ins for the steps.

usage: pipelines.py SYSTEM SCENARIO...     a SCENARIO is a list of STEP=CODE with commas, or good; the runs share a workspace
       pipelines.py expanded-azure         prints the stage template as the server expands it

Prints JSON: how it was run, and of each run what ran (with arguments), and whether the run failed.
"""

import inspect
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipelines"))

import engines  # noqa: E402
import played  # noqa: E402
from world import World  # noqa: E402


def main():
    if sys.argv[1:] == ["expanded-azure"]:
        return print(json.dumps(played.azure_template()))
    name, *scenarios = sys.argv[1:]
    run = getattr(engines, name, None) or getattr(played, name)
    world = World()
    try:
        runs = []
        for text in scenarios:
            world.scenario = {} if text == "good" else dict(pair.split("=") for pair in text.split(","))
            world.begin(world.scenario)
            if run is not engines.shell:
                played.cancelled_code(world)
            failed = run(world)
            runs.append({"ran": world.ran(), "failed": bool(failed), "log": world.log[-4000:]})
        print(json.dumps({"how": inspect.getdoc(run), "runs": runs}))
    finally:
        world.remove()


main()
