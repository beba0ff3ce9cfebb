import type { FastifyInstance } from 'fastify'
import { type Route, type RouteDescription, mountSurface } from '../../platform/http/surface.ts'
import type { CertificateSource } from '../../platform/tls/certificate-source.ts'

/**
 * Adds `/ca.pem`: the certificate of the server's own authority, for clients that do not trust this authority yet. The
 * path is public at any host, and returns 404 if the server has no authority.
 */
export function mountCertificateAuthority(
  app: FastifyInstance,
  certificates: Pick<CertificateSource, 'authorityPem'> | undefined,
): readonly RouteDescription[] {
  const handle: Route<'public', undefined>['handle'] = ({ reply }) => {
    const pem = certificates?.authorityPem?.()
    if (pem === undefined) {
      return reply.code(404).send({ error: { code: 'NotFound', message: 'This server has no certificate authority.' } })
    }
    return reply.header('content-type', 'application/x-pem-file').header('cache-control', 'no-cache').send(pem)
  }
  const routes: readonly Route<'public', undefined>[] = [
    { id: 'authority.get', method: 'GET', path: '/ca.pem', need: 'public', cost: 'small', handle },
    { id: 'authority.head', method: 'HEAD', path: '/ca.pem', need: 'public', cost: 'small', handle },
  ]
  mountSurface(app, {
    name: 'authority',
    routes,
    territory: [],
    authority: 'none',
    authorize: () => Promise.resolve(undefined),
    renderError: (_error, _request, reply) =>
      reply.code(500).send({
        error: { code: 'InternalServerError', message: 'The server could not read the certificate authority.' },
      }),
    notFound: () => new Error('not found'),
  })
  return routes
}
