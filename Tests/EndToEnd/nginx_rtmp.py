"""Debian's nginx with its RTMP module: an old server that is not ours."""

from gateway import free_port
from publishers import Program
from proxies import _listens
from waiting import wait_until

CONFIGURATION = """\
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{ }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    chunk_size 4096;
    application live {{ live on; record off; }}
  }}
}}
"""


class NginxRTMP:
    def __init__(self, directory):
        self.port = free_port()
        file = directory / "nginx.conf"
        file.write_text(CONFIGURATION.format(directory=directory, port=self.port))
        self._program = Program(["nginx", "-p", str(directory), "-c", str(file)], directory / "nginx.log")
        try:
            wait_until(lambda: _listens(self.port), what="nginx listens")
        except BaseException:
            self._program.kill()
            raise

    def publish_url(self, name, port):
        return f"rtmp://127.0.0.1:{port}/live/{name}"

    def stop(self):
        self._program.stop()
