import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { AuthorizedWork, currentWork, runAuthorized } from '../../platform/process/authorized-work.ts'
import { createTokenClient } from './token-endpoints.ts'

test('the portal requests a token with a separate form, which does not run as authorized work of the page', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  app.post('/token', async ({ body }) => ({ form: body, isWork: currentWork() !== undefined }))
  const authority = { authorityRevision: async () => 1, knownRevision: () => 1 }
  const work = new AuthorizedWork({ authority, revision: 1, decide: async () => undefined })
  const origin = { correlationId: '', remoteAddress: '192.0.2.1', userAgent: undefined }
  const request = { path: '/token', host: 'registry.example.com', form: { grant_type: 'x' }, origin }
  const answer = await runAuthorized(work, () => createTokenClient(app)(request))
  assert.deepEqual(answer, { status: 200, body: { form: 'grant_type=x', isWork: false } })
})
