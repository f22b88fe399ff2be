"""Runs a WASI 1 program, one with threads, a WASI 2 command or the component of this crate in wasmtime:
wasmtime_runner.py program|threads|command|component FILE."""

import itertools
import os
import sys
import threading
import traceback

import wasmtime
from wasmtime import component

kind, path = sys.argv[1:]
settings = wasmtime.Config()
settings.wasm_threads = True
settings.shared_memory = True
engine = wasmtime.Engine(settings)


def new_store():
    store = wasmtime.Store(engine)
    config = wasmtime.WasiConfig()
    config.inherit_stdout()
    config.inherit_stderr()
    store.set_wasi(config)
    return store


class SharedMemory(wasmtime.SharedMemory):
    """The package's own gives the linker a pointer to its pointer (seen in 50.0.1)."""

    def _as_extern(self):
        kind = wasmtime._ffi.WASMTIME_EXTERN_SHAREDMEMORY
        return wasmtime._ffi.wasmtime_extern_t(kind, wasmtime._ffi.wasmtime_extern_union(sharedmemory=self.ptr()))


def threads(module):
    """The program's first thread runs in this one; it spawns the others by the import thread-spawn of wasi-threads."""
    shared = next(one.type for one in module.imports if isinstance(one.type, wasmtime.MemoryType))
    memory = SharedMemory(engine, shared)
    i32 = wasmtime.ValType.i32()
    numbers = itertools.count(1)

    def instance_in(store):
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        linker.define(store, "env", "memory", memory)
        linker.define_func("wasi", "thread-spawn", wasmtime.FuncType([i32], [i32]), spawn)
        return linker.instantiate(store, module).exports(store)

    def begin(number, argument):
        try:
            store = new_store()
            instance_in(store)["wasi_thread_start"](store, number, argument)
        except BaseException:
            # A thread that has failed ends the program, as WASI says.
            traceback.print_exc()
            os._exit(1)

    def spawn(argument):
        number = next(numbers)
        threading.Thread(target=begin, args=(number, argument), daemon=True).start()
        return number

    store = new_store()
    instance_in(store)["_start"](store)


store = new_store()
if kind == "program":
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, path))
    instance.exports(store)["_start"](store)
elif kind == "threads":
    threads(wasmtime.Module.from_file(engine, path))
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
