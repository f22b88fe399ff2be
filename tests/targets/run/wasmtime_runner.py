"""Runs a WASI 1 program, a WASI 2 command or the component of this crate in wasmtime:
wasmtime_runner.py program|command|component FILE."""

import sys

import wasmtime
from wasmtime import component

kind, path = sys.argv[1:]
engine = wasmtime.Engine()
store = wasmtime.Store(engine)
config = wasmtime.WasiConfig()
config.inherit_stdout()
config.inherit_stderr()
store.set_wasi(config)

if kind == "program":
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, path))
    instance.exports(store)["_start"](store)
else:
    linker = component.Linker(engine)
    linker.add_wasip2()
    loaded = component.Component.from_file(engine, path)
    instance = linker.instantiate(store, loaded)

    def call(index, *arguments):
        function = instance.get_func(store, index)
        result = function(store, *arguments)
        function.post_return(store)
        return result

    if kind == "command":
        # A patch of WASI's version that the engine knows stands for every other.
        versions = (f"wasi:cli/run@0.2.{patch}" for patch in range(20))
        interface = next(filter(None, map(loaded.get_export_index, versions)))
        call(loaded.get_export_index("run", interface))
    else:
        for length in (1, 100, 100_000):
            assert call("greet", "a" * length) == "hello, " + "a" * length
        assert call("sum", [1, 2, 3]) == 6
        print("ok")
