"""A real HTTP cache for Bazel: nginx with WebDAV's PUT on loopback, as the current user.

    with HttpCache(folder) as cache:
        workspace.build(f"--remote_cache={cache.url}", ...)

What Bazel puts lies in the folder, as <name>/ac/<digest> and <name>/cas/<digest>.
"""

import grp
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess

CONFIGURATION = """\
daemon off;
{user}
pid {private}/pid;
error_log {private}/errors;
events {{}}
http {{
    access_log {private}/accesses;
    client_body_temp_path {private}/bodies;
    client_max_body_size 0;
    fastcgi_temp_path {private}/unused;
    proxy_temp_path {private}/unused;
    scgi_temp_path {private}/unused;
    uwsgi_temp_path {private}/unused;
    server {{
        listen 127.0.0.1:{port};
        root {data};
        location / {{
            dav_methods PUT;
            create_full_put_path on;
        }}
    }}
}}
"""
END_SECONDS = 20


def _user():
    """Only root may, and must, say who nginx's own child is."""
    if os.geteuid() != 0:
        return ""
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(os.getegid()).gr_name};"


class HttpCache:
    def __init__(self, folder):
        self.data = pathlib.Path(folder) / "data"
        self._private = pathlib.Path(folder) / "nginx"
        self._process = None

    def __enter__(self):
        for folder in (self.data, self._private):
            folder.mkdir(parents=True)
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert nginx, "nginx is missing: install the Debian package 'nginx-light' (./dev setup)"
        # The socket listens before nginx runs, which takes it over as from an older nginx: nobody
        # else can get the port, and nobody has to wait for nginx.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            configuration = self._private / "configuration"
            configuration.write_text(CONFIGURATION.format(
                private=self._private, data=self.data, port=port, user=_user()))
            self._process = subprocess.Popen(
                [nginx, "-p", self._private, "-e", self._private / "errors", "-c", configuration],
                stdin=subprocess.DEVNULL, pass_fds=[listening.fileno()],
                env={**os.environ, "NGINX": f"{listening.fileno()};"})
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def served(self):
        """How many files Bazel got."""
        lines = (self._private / "accesses").read_text().splitlines()
        return sum('"GET ' in line and '" 200 ' in line for line in lines)
