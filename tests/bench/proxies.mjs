// nginx and haproxy as plain proxies in front of the fake upstream, one worker each, upstream keep-alive, no buffering.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

export function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function listening(port) {
  for (let i = 0; i < 200; i++) {
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

export async function startNginx(folder, upstream) {
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  fs.writeFileSync(file, `
worker_processes 1; daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log crit;

events { worker_connections 9000; }
http {
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 1000000000; tcp_nodelay on;
  client_body_temp_path ${folder}/nb; proxy_temp_path ${folder}/np; fastcgi_temp_path ${folder}/nf; uwsgi_temp_path ${folder}/nu; scgi_temp_path ${folder}/ns;
  upstream fake { server ${upstream}; keepalive 512; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://fake; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_request_buffering on; } } }
`);
  const child = spawn('nginx', ['-c', file, '-p', folder, '-e', `${folder}/nginx.log`], { stdio: 'inherit' });
  await listening(port);
  return { name: 'nginx', port, pids: [child.pid], stop: () => child.kill() };
}

export async function startHaproxy(folder, upstream) {
  const port = await freePort();
  const file = path.join(folder, 'haproxy.cfg');
  fs.writeFileSync(file, `
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  option http-no-delay
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend fake
backend fake
  server fake ${upstream}
`);
  const child = spawn('haproxy', ['-f', file, '-db'], { stdio: 'inherit' });
  await listening(port);
  return { name: 'haproxy', port, pids: [child.pid], stop: () => child.kill() };
}
