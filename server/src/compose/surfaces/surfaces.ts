import type { FastifyInstance } from 'fastify'
import type { Configuration } from '../../configuration/index.ts'
import { withUserKeyAsPath } from '../../graph/index.ts'
import { createApp } from '../../platform/http/app.ts'
import type { Interceptor } from '../../platform/http/interceptor.ts'
import type { RouteDescription } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log/log.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'
import type { Health } from '../../platform/metrics/health.ts'
import { registryRoutes } from '../../registry/index.ts'
import type { Modules } from '../modules/modules.ts'
import { mountCertificateAuthority } from './certificate-authority.ts'
import { mountHealth } from './health.ts'

export type SurfaceOptions = {
  readonly log: Log
  readonly modules: Modules
  readonly health: Health
  /** Undefined over plain HTTP. */
  readonly certificates: CertificateSource | undefined
  /** In an emulator: receives every request before the surfaces. */
  readonly interceptor?: Interceptor | undefined
}

/** Creates the HTTP application and mounts every surface on it. `routes` are the tables of all surfaces. */
export function createSurfaces(
  configuration: Configuration,
  { log, modules, health, certificates, interceptor }: SurfaceOptions,
): { readonly app: FastifyInstance; readonly routes: readonly RouteDescription[] } {
  const { registry, tokenService, management, graph, identity, pages, portal } = modules
  const app = createApp({
    log,
    trustedProxies: configuration.behindProxy,
    hstsIncludeSubDomains: configuration.hstsIncludeSubDomains,
    callerBudgets: modules.callerBudgets,
    rewriteUrl: withUserKeyAsPath,
    interceptor,
  })
  const surfaces = [tokenService, management, graph, identity, pages, portal]
  registry.mount(app)
  for (const surface of surfaces) surface.mount(app)
  const routes = [
    ...registryRoutes,
    ...surfaces.flatMap((surface) => surface.routes),
    ...mountCertificateAuthority(app, certificates),
    ...mountHealth(app, health),
  ]
  return { app, routes }
}
