/** The OCI distribution specification in legacy mode, held for the other callers that can sign in, and for each way of signing in. */
import { after } from 'node:test'
import { armToken, enableAdmin } from '../harness/arm.ts'
import { exchange } from '../harness/registry.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { basicCaller, bearerCaller } from './caller.ts'
import { testSpecification } from './specification.ts'

const server = await startServer({ args: ['--accept-sparse-images'] })
after(() => server[Symbol.asyncDispose]())

const admin = await enableAdmin(server)
const refreshToken = await exchange(server, await armToken(server))
const scoped = await createScopedToken(server, 'conformance', '_repositories_admin')

testSpecification(basicCaller(server, 'the admin account', admin.username, admin.password2))
testSpecification(bearerCaller(server, 'the bearer of an ACR refresh token', { refreshToken }))
testSpecification(bearerCaller(server, 'a scoped token', { username: scoped.username, password: scoped.password }))
