"""PyODPS as a judge: takes `{"operation", "arguments"}` lines, answers `{"operation", "ok", "outcome", "detail"}` lines."""

import json
import sys
import traceback

import download  # noqa: F401  (each module registers its operations)
import metadata  # noqa: F401
import partitions  # noqa: F401
import schemas  # noqa: F401
import sql  # noqa: F401
import stream  # noqa: F401
import types_table  # noqa: F401
import upload  # noqa: F401
import upsert  # noqa: F401
from operations import OPERATIONS, Client, Impossible, Refused


def answer(client, name, arguments):
    if name not in OPERATIONS:
        return {"ok": False, "outcome": "missing", "detail": f"the program has no operation {name}"}
    try:
        result = OPERATIONS[name](client, **arguments)
    except BaseException as error:  # a client may raise anything
        text = "".join(traceback.format_exception(error)[-4:])
        return {"ok": False, "outcome": "failed", "detail": f"{type(error).__name__}: {error}\n{text}"[:4000]}
    if isinstance(result, Refused):
        return {"ok": True, "outcome": "refused", "detail": result.what}
    if isinstance(result, Impossible):
        return {"ok": True, "outcome": "impossible", "detail": result.why}
    return {"ok": True, "outcome": "works", "detail": "", "result": result}


def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    default = json.loads(sys.argv[1])
    clients = {}
    for line in sys.stdin:
        asked = json.loads(line)
        config = {**default, **asked.get("config", {})}
        client = clients.setdefault(json.dumps(config), Client(config))
        found = answer(client, asked["operation"], asked.get("arguments", {}))
        print(json.dumps({"operation": asked["operation"], **found}), file=answers, flush=True)


if __name__ == "__main__":
    main()
