// What the streams are measured against: the architecture's first design on plain Node, a map
// from users to their open responses and one Redis subscription. It signs nobody in, replays
// nothing, and forgets what comes while a browser is away. It is given every advantage: the
// messages are those of our own pusher, so their text goes out without being parsed or built.
//
//   node server.js PORT CHANNEL          REDIS_URL in the environment
'use strict';

const http = require('node:http');
const Redis = require('ioredis');

const HEARTBEAT_MS = 30_000;
const ROUTES = { '/api/v1/user/nft-events': 'user', '/api/v1/admin/events': 'system' };
const [port, channel] = process.argv.slice(2);
const readers = new Map(); // key -> Set of responses

function register(key, response) {
  if (!readers.has(key)) readers.set(key, new Set());
  readers.get(key).add(response);
}

function forget(key, response) {
  readers.get(key)?.delete(response);
  if (readers.get(key)?.size === 0) readers.delete(key);
}

function stream(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1');
  const user = url.searchParams.get('user');
  if (!(url.pathname in ROUTES)) return response.writeHead(404).end();
  const key = ROUTES[url.pathname] === 'user' ? `user:${user}` : 'system';
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    Connection: 'keep-alive',
    'X-Accel-Buffering': 'no',
  });
  register(key, response);
  const welcome = { type: 'connection_established', userId: user, timestamp: new Date() };
  response.write(`data: ${JSON.stringify(welcome)}\n\n`);
  const heartbeat = setInterval(() => {
    response.write(`data: ${JSON.stringify({ type: 'heartbeat', timestamp: new Date() })}\n\n`);
  }, HEARTBEAT_MS);
  request.on('close', () => {
    clearInterval(heartbeat);
    forget(key, response);
  });
}

function deliver(message) {
  const end = message.indexOf('\n');
  if (end < 0) return; // the head of the log
  const [, , , audience, userId] = message.slice(0, end).split(' ');
  const key = audience === 'user' ? `user:${userId}` : 'system';
  const frame = `data: ${message.slice(end + 1)}\n\n`;
  for (const response of readers.get(key) ?? []) response.write(frame);
}

const redis = new Redis(process.env.REDIS_URL);
redis.on('message', (_channel, message) => deliver(message));
redis.subscribe(channel).then(() => {
  http.createServer(stream).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
});
