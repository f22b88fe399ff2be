"""Runs modules in wasmtime: a line of JSON in, a line of JSON out. Started by wasmtime.mjs."""

import json
import sys
import time
from importlib.metadata import version

import wasmtime

config = wasmtime.Config()
config.cache = True
engine = wasmtime.Engine(config)
modules = {}


def measure(job):
    """As harness/measure.mjs: a fresh instance for each run."""
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, modules[job["module"]], []).exports(store)
    try:
        run = exports["run"]
        initial = exports["memory"].size(store)
        start = time.process_time_ns()
        checksum = run(store, job["shape"], job["steps"], job["seed"])
        nanoseconds = time.process_time_ns() - start
        return {
            "ms": nanoseconds / 1e6,
            "initial": initial,
            "checksum": format(checksum % 2**64, "x"),
            "pages": exports["memory"].size(store),
        }
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        damaged = exports.get("damaged")
        reason = str(error).strip().splitlines()[-1].strip()
        return {"error": reason, "damaged": bool(damaged and damaged(store))}


def answer(value):
    print(json.dumps(value), flush=True)


answer({"version": version("wasmtime")})
for line in sys.stdin:
    message = json.loads(line)
    if "load" in message:
        for key, path in message["load"].items():
            modules[key] = wasmtime.Module.from_file(engine, path)
        answer(True)
    else:
        answer([measure(job) for job in message["jobs"]])
