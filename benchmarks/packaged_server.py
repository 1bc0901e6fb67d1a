"""The options of `llama-server` that the benchmarks use, over a llama.cpp that a package brings
built: for machines where compiling it takes an hour.

    python -m venv ENV && ENV/bin/pip install xllamacpp
    ENV/bin/python benchmarks/packaged_server.py -m FILE.gguf --port N [-c N] [-np N] [-t N] [-tb N]

Runs in an environment of its own and knows nothing of this project. Benchmarks that take `--server
FILE` take an executable file with the two lines

    #!/bin/sh
    exec ENV/bin/python benchmarks/packaged_server.py "$@"
"""

import argparse
import threading

import xllamacpp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-m", dest="model")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("-c", dest="context", type=int, default=8192)
    parser.add_argument("-np", dest="slots", type=int, default=1)
    parser.add_argument("-t", dest="threads", type=int, default=1)
    parser.add_argument("-tb", dest="batch_threads", type=int, help="of reading; -t unless given")
    parser.add_argument("--metrics", action="store_true")
    parser.add_argument("--version", action="store_true")
    asked = parser.parse_args()
    if asked.version:
        print(f"xllamacpp {xllamacpp.__version__}")
        return
    params = xllamacpp.CommonParams()
    params.model.path = asked.model
    params.hostnames = [asked.host]
    params.port = asked.port
    params.n_ctx = asked.context
    params.n_parallel = asked.slots
    params.cpuparams.n_threads = asked.threads
    params.cpuparams_batch.n_threads = asked.batch_threads or asked.threads
    params.endpoint_metrics = asked.metrics
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
