# SPDX-License-Identifier: LGPL-2.1-or-later
"""Web servers of Debian with four sites each, set up the way docs/webserver/README.md tells a user to.

Site a is the default; b sends everybody to https; c passes everything on to a backend that is not there; d keeps
everybody out, or has a rule of its own for everything.
"""

from dataclasses import dataclass

from lib import image

PACKAGES = image.SERVERS
DOCS = "/usr/share/doc/acmeward/webserver"
NAMES = [f"{letter}.example.test" for letter in "abcd"]

# In pebble's folder of the image, readable by everybody.
CERTIFICATE, KEY = "/etc/pebble/cert.pem", "/etc/pebble/key.pem"

_NGINX = """
server {
        listen 80 default_server; listen [::]:80 default_server;
        root /var/www/html;
        LINES
        location / { try_files $uri $uri/ =404; }
}
server {
        listen 80; listen [::]:80; server_name b.example.test;
        LINES
        location / { return 301 https://$host$request_uri; }
}
server {
        listen 80; listen [::]:80; server_name c.example.test;
        LINES
        location / { proxy_pass http://127.0.0.1:9; }
        location ~ /\\. { deny all; }
}
server {
        listen 80; listen [::]:80; server_name d.example.test;
        auth_basic private; auth_basic_user_file /dev/null; deny all;
        LINES
        location ~ . { return 403; }
}
"""

_APACHE = f"""
<VirtualHost *:80>
        DocumentRoot /var/www/html
</VirtualHost>
<VirtualHost *:80>
        ServerName b.example.test
        Redirect permanent / https://b.example.test/
</VirtualHost>
<VirtualHost *:80>
        ServerName c.example.test
        ProxyPass / http://127.0.0.1:9/
</VirtualHost>
<VirtualHost *:80>
        ServerName d.example.test
        RewriteEngine On
        RewriteRule ^/\\.well-known/acme-challenge/ - [END]
        RewriteRule ^ - [F]
</VirtualHost>
<VirtualHost *:443>
        SSLEngine on
        SSLCertificateFile {CERTIFICATE}
        SSLCertificateKeyFile {KEY}
</VirtualHost>
"""

_LIGHTTPD = """
server.modules += ( "mod_proxy", "mod_redirect", "mod_access" )
$HTTP["host"] == "b.example.test" { url.redirect = ( "" => "https://${url.authority}${url.path}${qsa}" ) }
$HTTP["host"] == "c.example.test" { proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => 9 )) ) }
$HTTP["host"] == "d.example.test" { url.access-deny = ( "" ) }
"""

_CADDY = f"""
IMPORT
http:// {{
        LINES
        handle {{
                root * /var/www/html
                file_server
        }}
}}
b.example.test {{
        tls {CERTIFICATE} {KEY}
        LINES
        handle {{
                respond "b"
        }}
}}
http://c.example.test {{
        LINES
        reverse_proxy 127.0.0.1:9
}}
http://d.example.test {{
        LINES
        respond 403
}}
"""

_HAPROXY = """
global
        user haproxy
        group haproxy
        chroot /var/lib/haproxy
defaults
        mode http
        timeout connect 5s
        timeout client 30s
        timeout server 30s
frontend http
        bind :80
        bind [::]:80 v6only
        LINES
        acl is_b hdr(host) b.example.test
        http-request redirect scheme https if is_b UNLESS
        http-request deny if { hdr(host) d.example.test } UNLESS
        default_backend app
backend app
        server nowhere 127.0.0.1:9
"""


@dataclass
class WebServer:
    """One web server on a machine."""

    name: str
    unit: str
    check: str

    def __str__(self):
        return self.name

    @property
    def lines(self):
        return f"{DOCS}/{self.name}.conf"

    def set_up(self, machine, with_lines):
        """Write its configuration, insist on its own syntax check, and (re)start it."""
        getattr(self, f"_{self.name}")(machine, with_lines)
        machine.run(self.check)
        machine.systemctl("restart", self.unit)
        machine.wait_until(lambda: len(machine.listening(80)) >= 1, what=f"{self.unit} to listen")

    @staticmethod
    def _nginx(machine, with_lines):
        machine.run(["cp", f"{DOCS}/nginx.conf", "/etc/nginx/snippets/acmeward.conf"])
        machine.write("/etc/nginx/sites-enabled/default",
                      _NGINX.replace("LINES", "include snippets/acmeward.conf;" if with_lines else ""))

    @staticmethod
    def _apache(machine, with_lines):
        machine.run(["cp", f"{DOCS}/apache.conf", "/etc/apache2/conf-available/acmeward.conf"])
        machine.write("/etc/apache2/sites-enabled/000-default.conf", _APACHE)
        machine.run("a2enmod -q proxy_http rewrite ssl")
        machine.run(f"{'a2enconf' if with_lines else 'a2disconf -f'} -q acmeward")

    @staticmethod
    def _lighttpd(machine, with_lines):
        machine.write("/etc/lighttpd/conf-enabled/98-sites.conf", _LIGHTTPD)
        text = machine.read(f"{DOCS}/lighttpd.conf").replace("# proxy.server", "proxy.server")
        machine.write("/etc/lighttpd/conf-enabled/99-acmeward.conf", text if with_lines else "")

    @staticmethod
    def _caddy(machine, with_lines):
        machine.run(["cp", f"{DOCS}/caddy.conf", "/etc/caddy/acmeward.conf"])
        machine.write("/etc/caddy/Caddyfile", _CADDY.replace("IMPORT", "import acmeward.conf" if with_lines else "")
                      .replace("LINES", "import acmeward" if with_lines else ""))

    @staticmethod
    def _haproxy(machine, with_lines):
        # What the file says about the frontend goes into ours, the backend behind it.
        ours, mark, backend = machine.read(f"{DOCS}/haproxy.conf").partition("\nbackend ")
        lines = ours.rpartition("frontend http\n")[2]
        text = _HAPROXY.replace("LINES", lines.strip()).replace("UNLESS", "!is_acme") + mark + backend
        if not with_lines:
            text = _HAPROXY.replace("LINES", "").replace("UNLESS", "")
        machine.write("/etc/haproxy/haproxy.cfg", text)


ALL = [
    WebServer("nginx", "nginx.service", "nginx -t -q"),
    WebServer("apache", "apache2.service", "apachectl configtest"),
    WebServer("lighttpd", "lighttpd.service", "lighttpd -tt -f /etc/lighttpd/lighttpd.conf"),
    WebServer("caddy", "caddy.service", "caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile"),
    WebServer("haproxy", "haproxy.service", "haproxy -c -f /etc/haproxy/haproxy.cfg"),
]
