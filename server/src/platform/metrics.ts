import { once } from 'node:events'
import http from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { ListenAddress } from './http/listener.ts'
import type { Log } from './log.ts'

/** What is measured of a server, in Prometheus's format. */
export type Metrics = {
  /** Listens on an address of its own, and returns what closes that. @throws the operating system's error */
  readonly serve: (address: ListenAddress, log: Log) => Promise<() => Promise<void>>
}

/** Measures the process and the requests of an application that is not ready yet. */
export function measure(app: FastifyInstance): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  countRequests(app, registry)
  return {
    serve: async (address, log) => {
      const server = http.createServer((request, response) => {
        if (request.method !== 'GET' || request.url !== '/metrics') {
          response.writeHead(404).end()
          return
        }
        registry
          .metrics()
          .then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text))
          .catch((error: unknown) => {
            log.error({ err: error }, 'the metrics could not be gathered')
            response.writeHead(500).end()
          })
      })
      server.listen(address.port, address.host)
      await once(server, 'listening')
      return () =>
        new Promise((resolve) => {
          server.closeAllConnections()
          server.close(() => resolve())
        })
    },
  }
}

/** Labels have few values: a method, a status and the pattern of a route, never what a client chose. */
function countRequests(app: FastifyInstance, registry: Registry): void {
  const labelNames = ['method', 'route', 'status'] as const
  const requests = new Counter({
    name: 'acrux_http_requests_total',
    help: 'Requests answered.',
    labelNames,
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'acrux_http_request_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route'] as const,
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers: [registry],
  })
  app.answeredListeners.push(({ method, route = 'none', status, milliseconds }) => {
    requests.inc({ method, route, status: String(status) })
    seconds.observe({ method, route }, milliseconds / 1000)
  })
}
