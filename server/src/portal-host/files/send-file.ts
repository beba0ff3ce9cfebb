import type { FastifyReply, FastifyRequest } from 'fastify'
import { type PortalFile, type ReadPortalFiles, encodedFor } from './portal-files.ts'
import { fileHeaders, pageHeaders } from './security-headers.ts'

const oneYear = 'public, max-age=31536000, immutable'
const indexPath = 'index.html'

/** The page that a checkout sends before the portal was built. The page loads no other files. */
const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The portal is not built</title>
<h1>The portal is not built yet</h1>
<p>This server runs from a checkout. <code>npm start</code> builds the portal, which takes a minute or two, and so does
<code>npm run portal</code>. Then load this page again.</p>
</html>
`

/**
 * Sends a file of the portal. Every path that is not a file is a page of the portal, and all pages are the same document. The result is
 * undefined only for a missing asset. If a page received a document instead of a script, the page would fail without a message.
 */
export function sendPortalFile(
  readFiles: ReadPortalFiles,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  const files = readFiles()
  if (files === undefined) return reply.code(503).headers(pageHeaders).type('text/html; charset=utf-8').send(notBuilt)
  const file = files.get(path)
  if (file === undefined && /^assets(?:\/|$)/i.test(path)) return undefined
  const sent = file ?? files.get(indexPath)
  if (sent === undefined) throw new Error('the built portal has no index.html')
  return sendEncoded(sent, request, reply)
}

function sendEncoded(file: PortalFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { encoding, content } = encodedFor(request.headers['accept-encoding'], file)
  const isPage = file.contentType.startsWith('text/html')
  if (encoding !== undefined) reply.header('content-encoding', encoding)
  return reply
    .headers(isPage ? pageHeaders : { ...fileHeaders, 'cache-control': file.isHashed ? oneYear : 'no-cache' })
    .header('vary', 'accept-encoding')
    .type(file.contentType)
    .send(content)
}
