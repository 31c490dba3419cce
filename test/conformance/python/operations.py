"""What an operation is, how it tells its outcome, and what every operation is given."""

import contextlib
import json
import logging
import urllib.request

from odps import ODPS, options
from odps.accounts import AliyunAccount, StsAccount
from odps.tunnel import TableTunnel

OPERATIONS = {}

# A client that repeats a call says so in its log; what it says is shown with a failed operation.
logging.basicConfig(level=logging.WARNING)
options.local_timezone = "UTC"
# Days before 1928 are exact in UTC.
options.allow_antique_date = True
options.sql.settings = {"odps.sql.type.system.odps2": "true"}


def operation(name):
    """Registers a function of a Client under the name that the catalogue knows."""

    def register(function):
        assert name not in OPERATIONS, name
        OPERATIONS[name] = function
        return function

    return register


class Refused:
    """The service refused the call as it should; `what` says with which error."""

    def __init__(self, what):
        self.what = what


class Impossible:
    """The client cannot do it, whatever the service answers; shown by a call where there is one."""

    def __init__(self, why):
        self.why = why


class Client:
    """A PyODPS entry with the addresses and names of this run."""

    def __init__(self, config):
        self.config = config
        self.project = config["project"]
        self.odps = self.entry()

    def entry(self, key=None, access_id=None, account=None, **more):
        c = self.config
        if account is None and c.get("securityToken"):
            account = StsAccount(c["accessId"], c["accessKey"], c["securityToken"])
        if account is None:
            account = AliyunAccount(access_id or c["accessId"], key or c["accessKey"])
        more.setdefault("project", c["project"])
        # Otherwise its addresses would become those of every other entry.
        more.setdefault("overwrite_global", False)
        return ODPS(account=account, endpoint=c["endpoint"], **more)

    def tunnel(self, odps=None, **more):
        return TableTunnel(odps or self.odps, **more)

    def table_name(self, word):
        return f"{self.config['prefix']}_{word}"

    def sql(self, text, odps=None):
        """Runs a statement to its end; raises with the text of the service when it fails."""
        instance = (odps or self.odps).run_sql(text)
        instance.wait_for_success(interval=0.02)
        return instance

    def rows(self, query, odps=None):
        with self.sql(query, odps).open_reader(tunnel=True) as reader:
            return [list(record.values) for record in reader]

    def make(self, word, columns, more=""):
        """A new table of this client; answers its full object."""
        name = self.table_name(word)
        self.sql(f"DROP TABLE IF EXISTS {name};")
        self.sql(f"CREATE TABLE {name} ({columns}) {more};")
        return self.odps.get_table(name)

    def upload(self, name, rows, partition=None, **more):
        """One block of records in a session of its own."""
        session = self.tunnel().create_upload_session(name, partition_spec=partition, **more)
        with session.open_record_writer(0) as writer:
            for row in rows:
                writer.write(session.new_record(list(row)))
        session.commit([0])
        return session

    def read(self, name, partition=None, columns=None):
        session = self.tunnel().create_download_session(name, partition_spec=partition)
        with session.open_record_reader(0, session.count, columns=columns, append_partitions=False) as reader:
            return [list(record.values) for record in reader]

    def control(self, path, body=None):
        """A call about the emulator itself: faults and the states of sessions."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.config["tunnelEndpoint"] + path, data=data)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def equal(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what}: {shown(actual)} instead of {shown(expected)}")


def shown(value):
    text = repr(value)
    return text if len(text) <= 400 else text[:400] + " ..."


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


@contextlib.contextmanager
def raising(kind, words, found):
    """The block has to raise `kind` (its own class, no other below it), with these words in its text or code."""
    try:
        yield
    except kind as error:
        text = f"{getattr(error, 'code', '') or ''} {error}"
        holds(type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {text}")
        holds(words in text, f"{kind.__name__} without {words!r}: {text}")
        code = words if words.startswith("ODPS-") else getattr(error, "code", None)
        found.append(f"{kind.__name__} {code}" if code and code != kind.__name__ else kind.__name__)
        return
    raise AssertionError(f"no {kind.__name__} ({words}) was raised")


def refused(kind, words, call):
    """Runs `call`, which the service has to refuse with this class of exception."""
    found = []
    with raising(kind, words, found):
        call()
    return Refused(found[0])
