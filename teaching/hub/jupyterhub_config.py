"""A JupyterHub for the course on one machine: `jupyterhub -f teaching/hub/jupyterhub_config.py`.

Started by root, it gives each student an account number and a home that nobody else can read. The
numbers need no entry in /etc/passwd. Started by anybody else, all students share one account.
README.md in this folder explains the settings, which are environment variables:

NST_HUB_COURSE    git repository with the student edition, a folder or an address; see publish.sh
NST_HUB_FOLDER    the hub's database, secrets, and the homes (default: /srv/nst-hub)
NST_HUB_MEMORY    memory that each process of a student may use (default: 3G)
NST_HUB_THREADS   cores that a student's computation may use (default: 1)
NST_HUB_ADMIN     the user name of the instructor (default: instructor)
NST_HUB_PASSWORD  one password for everybody, for trying the hub out; without it, students sign up
NST_HUB_SHARED    1: run all students under the account of the hub, even if it is root's
"""

import os
import re
import resource
import sys
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner
from traitlets.config import get_config

c = get_config()
here = Path(__file__).resolve().parent
environment = Path(sys.prefix)  # the one environment that all students use
folder = Path(os.environ.get("NST_HUB_FOLDER", "/srv/nst-hub")).absolute()
homes = folder / "homes"
FIRST_NUMBER = 200_000  # above the accounts that Linux distributions create
separate = os.geteuid() == 0 and os.environ.get("NST_HUB_SHARED") != "1"


def account(home: Path) -> int:
    """The number of the account that owns a home; the home is made if it is new."""
    if not home.exists():
        number = 1 + max([FIRST_NUMBER, *(other.stat().st_uid for other in homes.iterdir())])
        home.mkdir(mode=0o700)
        os.chown(home, number, number)
    return home.stat().st_uid


class StudentSpawner(LocalProcessSpawner):
    """Starts servers as local processes, with an account number and a memory limit of their own.

    The limit holds for each process: a kernel that wants more gets an error from PyTorch, and
    goes on. A student with three open notebooks may use three times as much.
    """

    @property
    def home(self) -> Path:
        return homes / self.user.name

    def make_preexec_fn(self, name):
        home, limit = self.home, self.mem_limit
        number = account(home) if separate else None
        home.mkdir(mode=0o700, exist_ok=True)

        def become_the_student() -> None:
            if limit:  # private memory; RLIMIT_AS would count what PyTorch only maps
                resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
            if number is not None:
                os.setgroups([])
                os.setgid(number)
                os.setuid(number)
            os.umask(0o077)
            os.chdir(home)

        return become_the_student

    def user_env(self, env):
        home, name = str(self.home), self.user.name
        return env | {"HOME": home, "USER": name, "LOGNAME": name, "SHELL": "/bin/bash"}


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to a path that other accounts may not enter."""
    parents = reversed([path, *path.parents])
    return next((p for p in parents if p.is_dir() and not p.stat().st_mode & 0o001), None)


folder.mkdir(parents=True, exist_ok=True)
homes.mkdir(mode=0o711, exist_ok=True)
course = os.environ.get("NST_HUB_COURSE") or sys.exit(
    "NST_HUB_COURSE is not set: name the git repository with the student edition."
)
needed = [Path(sys.executable).resolve(), environment, here, homes]
if Path(course).is_dir():
    course = str(Path(course).resolve())
    needed.append(Path(course))
    # Git refuses to read a repository that belongs to somebody else, unless it is told to.
    (folder / "gitconfig").write_text(f"[safe]\n\tdirectory = {course}\n")
for path in needed if separate else ():
    if closed := closed_folder(path):
        sys.exit(f"Students cannot read {path}, because {closed} is closed to other accounts.")
if not separate:
    print("All students share one account: each can read the files of the others.")

c.JupyterHub.spawner_class = StudentSpawner
c.JupyterHub.db_url = f"sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = f"{folder}/proxy.pid"
proxy = here / "node_modules" / ".bin" / "configurable-http-proxy"
if proxy.exists():
    c.ConfigurableHTTPProxy.command = [str(proxy)]

c.Spawner.cmd = [str(here / "student_server.sh")]
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=3600",  # frees the memory of forgotten notebooks
    "--ServerApp.shutdown_no_activity_timeout=7200",
]
if os.geteuid() == 0 and not separate:
    c.Spawner.args.append("--allow-root")
c.Spawner.notebook_dir = "~/course"
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.mem_limit = os.environ.get("NST_HUB_MEMORY", "3G")
c.Spawner.http_timeout = c.Spawner.start_timeout = 120  # forty students start at once
c.Spawner.environment = {
    "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
    "NST_HUB_COURSE": course,
    "GIT_CONFIG_SYSTEM": str(folder / "gitconfig"),
    "OMP_NUM_THREADS": os.environ.get("NST_HUB_THREADS", "1"),
    **{name: os.environ[name] for name in os.environ if re.match("NST_COURSE_", name)},
}

c.Authenticator.allow_all = True
c.Authenticator.username_pattern = r"[a-z0-9][a-z0-9@._-]*"  # also the names of the homes
c.Authenticator.admin_users = {os.environ.get("NST_HUB_ADMIN", "instructor")}
if password := os.environ.get("NST_HUB_PASSWORD"):
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = password
else:
    import nativeauthenticator

    c.JupyterHub.authenticator_class = "native"
    c.JupyterHub.template_paths = [str(Path(nativeauthenticator.__file__).parent / "templates")]
    c.NativeAuthenticator.minimum_password_length = 10
    c.NativeAuthenticator.check_common_password = True
    c.NativeAuthenticator.allowed_failed_logins = 5
