import type { FastifyReply, FastifyRequest } from 'fastify'
import { decompressed } from './built-file.ts'
import type { ReadDocuments } from './documents.ts'
import { acceptedEncodings } from './portal-files.ts'
import { pageHeaders } from './security-headers.ts'

/** The path of the index. The links in the documents are relative to the folder of the index. */
const documentsPath = '/docs/'

/** The page that a checkout sends before the documents were built. The page loads no other files. */
const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The documents are not built</title>
<h1>The documents are not built yet</h1>
<p>This server runs from a checkout. <code>npm start</code> builds the documents in a few seconds, and so does
<code>npm run docs</code>. Then load this page again.</p>
</html>
`

/** Sends a file of the documents, or a page that reports a missing file. Browsers check at each request whether a file has changed. */
export function sendDocument(
  readDocuments: ReadDocuments,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const documents = readDocuments()
  if (documents === undefined)
    return reply.code(503).headers(pageHeaders).type('text/html; charset=utf-8').send(notBuilt)
  const isIndex = path === ''
  if (isIndex && !request.url.startsWith(documentsPath))
    return reply.code(302).headers({ 'cache-control': 'no-store', location: documentsPath }).send()
  const found = documents.get(isIndex ? 'index.html' : path)
  const file = found ?? documents.get('404.html')
  if (file === undefined) throw new Error('the built documents have no 404.html')
  const etag = `W/"${file.etag}"`
  reply.headers(pageHeaders).headers({ 'cache-control': 'no-cache', vary: 'accept-encoding', etag })
  if (found !== undefined && request.headers['if-none-match'] === etag) return reply.code(304).send()
  reply.code(found === undefined ? 404 : 200).type(file.contentType)
  if (!acceptedEncodings(request.headers['accept-encoding']).includes('gzip'))
    return reply.send(decompressed(file.gzip))
  return reply.header('content-encoding', 'gzip').send(file.gzip)
}
