import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

function dial(server: RunningServer, localAddress: string): net.Socket {
  const socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress })
  return socket.on('error', () => undefined)
}

function open(server: RunningServer, localAddress: string): TLSSocket {
  const socket = dial(server, localAddress)
  return connect({ socket, servername: 'localhost', ca: readFileSync(server.caFile) }).on('error', () => undefined)
}

/** Opens so many connections from an address of this machine and says which of them stay. */
async function occupy(server: RunningServer, count: number, localAddress: string, secure = true) {
  const sockets = Array.from({ length: count }, () =>
    secure ? open(server, localAddress) : dial(server, localAddress),
  )
  const states = sockets.map((socket) => {
    const state = { open: false, closed: false }
    socket.on('error', () => undefined)
    socket.on(secure ? 'secureConnect' : 'connect', () => (state.open = true))
    socket.on('close', () => (state.closed = true))
    return state
  })
  return {
    open: () => states.filter(({ open, closed }) => open && !closed).length,
    closed: () => states.filter(({ closed }) => closed).length,
    end: async () => {
      for (const socket of sockets) socket.destroy()
      await until('the end of the connections', () => states.every(({ closed }) => closed))
    },
  }
}

/** Whether a client at another address gets a response. */
async function isAnswered(server: RunningServer, localAddress: string): Promise<boolean> {
  const socket = open(server, localAddress)
  socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${server.firstRun.loginServer}\r\nConnection: close\r\n\r\n`)
  let text = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
  await once(socket, 'close')
  return text.startsWith('HTTP/1.1 401 ')
}

test('metrics show how many connections there are, and how many were closed by which limit', async () => {
  const metricsPort = await freePort()
  await using server = await startServer({
    args: ['--limits-max-connections-per-address', '10', '--metrics-listen', `127.0.0.1:${metricsPort}`],
  })
  const flood = await occupy(server, 15, '127.0.0.1')
  await until('the denials', () => flood.closed() === 5)
  const metrics = (await request({ url: `http://127.0.0.1:${metricsPort}/metrics` })).text()
  assert.match(metrics, /^acrux_connections\{state="open"\} 10$/m)
  assert.match(metrics, /^acrux_connections_refused_total\{limit="address"\} 5$/m)
  assert.match(metrics, /^acrux_slow_clients_total\{reason="upload"\} 0$/m)
  assert.match(metrics, /^acrux_requests_over_budget_total 0$/m)
  await flood.end()
})

test('one address has a maximum of connections, and other addresses are served', async () => {
  await using server = await startServer({
    args: ['--limits-max-connections-per-address', '20', '--limits-max-connections', '60'],
  })
  const flood = await occupy(server, 50, '127.0.0.1')
  await until('the denials', () => flood.open() + flood.closed() === 50 && flood.closed() === 30)
  assert.equal(flood.open(), 20)
  assert.ok(await isAnswered(server, '127.0.0.2'))
  await until('a line in the log', () =>
    /the address has reached limits\.maxConnectionsPerAddress/.test(server.output()),
  )
  await flood.end()
  const again = await occupy(server, 5, '127.0.0.1')
  await until('five connections', () => again.open() === 5)
  await again.end()
})

test('all addresses together have a maximum of connections', async () => {
  await using server = await startServer({
    args: ['--limits-max-connections-per-address', '20', '--limits-max-connections', '50'],
  })
  const floods: Awaited<ReturnType<typeof occupy>>[] = []
  for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) floods.push(await occupy(server, 20, address))
  const open = () => floods.reduce((sum, flood) => sum + flood.open(), 0)
  await until('the denials', () => floods.reduce((sum, flood) => sum + flood.closed(), 0) === 10)
  await until('the others', () => open() === 50)
  for (const flood of floods) await flood.end()
  await until('an answer', () => isAnswered(server, '127.0.0.4'))
})

test('unfinished handshakes are limited by address and end after a timeout', async () => {
  await using server = await startServer()
  const silent = await occupy(server, 600, '127.0.0.1', false)
  await until('the denials', () => silent.closed() >= 88)
  assert.ok(silent.open() <= 512, `${silent.open()} are open`)
  assert.ok(await isAnswered(server, '127.0.0.2'))
  await until('the end of those that say nothing', () => silent.closed() === 600)
  assert.ok(await isAnswered(server, '127.0.0.1'))
})

test('with few descriptors one address leaves room for others and for files', async () => {
  await using server = await startServer({ under: ['prlimit', '--nofile=400:400'] })
  assert.match(readFileSync(`/proc/${server.pid}/limits`, 'latin1'), /^Max open files +400 /m)
  // Half of the descriptors are for connections, a quarter of those for one address.
  const floods: Awaited<ReturnType<typeof occupy>>[] = []
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) {
    const flood = await occupy(server, 120, address)
    await until('the denials', () => flood.open() === 50 && flood.closed() === 70)
    floods.push(flood)
  }
  const { appId, password } = server.firstRun.servicePrincipal
  const layers = Array.from({ length: 20 }, (_, at) => Buffer.from(`layer ${at}`))
  await pushImage(server, 'team/app', { tag: '1', layers }, basic(appId, password))
  assert.ok(await isAnswered(server, '127.0.0.5'))
  for (const flood of floods) await flood.end()
})
