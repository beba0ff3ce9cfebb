import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { Readable } from 'node:stream'
import { request, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { askAccessToken, basic, registryUrl, type Credential } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'

/** One request of the data plane. */
export interface Call {
  /** `GET` by default. */
  method?: string
  /** Path and query, beginning with a slash. */
  path: string
  headers?: Record<string, string | string[]>
  body?: Buffer
  /** Send the body in chunks and without its length, as Go's clients do with a stream. */
  chunked?: boolean
}

/** A caller, and how it authenticates. */
export interface Caller {
  /** The name of the caller, for the titles of tests. */
  readonly name: string
  /** Path of a repository that only this caller's tests use. */
  repository(name: string): string
  /** One exchange. The response is not checked, except that it must not be a server error. */
  send(call: Call): Promise<HttpResponse>
}

/** Connections are kept between requests, as clients keep them. */
const agent = new Agent({ keepAlive: true })

async function sendOnce(server: RunningServer, call: Call, authorization?: string): Promise<HttpResponse> {
  const { method = 'GET', path, headers, body, chunked } = call
  const response = await request({
    method,
    url: registryUrl(server) + path,
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    caFile: server.caFile,
    ...(chunked !== true && { agent }),
    ...(body !== undefined && { body: chunked === true ? Readable.from([body]) : body }),
  })
  assert.ok(response.status < 500, `${method} ${path} is answered with ${response.status}: ${response.text()}`)
  return response
}

/** The parameters of the only challenge of an answer, which must be Bearer. */
export function challengeOf(response: HttpResponse): Record<string, string> {
  const challenges = response.rawHeaders.filter(
    (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'www-authenticate',
  )
  assert.equal(challenges.length, 1, 'there is exactly one challenge')
  const challenge = challenges[0] ?? ''
  assert.match(challenge, /^Bearer realm="/)
  return Object.fromEntries(
    [...challenge.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key, value]) => [key ?? '', value ?? '']),
  )
}

/** Sends its name and password with each request of the data plane. */
export function basicCaller(server: RunningServer, name: string, username: string, password: string): Caller {
  return {
    name: `${name} by Basic`,
    repository: repositoriesOf(`${name} by Basic`),
    send: (call) => sendOnce(server, call, basic(username, password)),
  }
}

/**
 * Sends each request without a credential, gets a token for the challenge, and sends the request again with its body,
 * as the official suites do. The scope is passed on unchanged: several scopes are separated by blanks.
 */
export function bearerCaller(server: RunningServer, name: string, credential: Credential): Caller {
  return {
    name,
    repository: repositoriesOf(name),
    async send(call) {
      const rejected = await sendOnce(server, call)
      if (rejected.status !== 401) return rejected
      const { service, scope } = challengeOf(rejected)
      assert.equal(service, server.firstRun.loginServer)
      const given = await askAccessToken(server, credential, scope === undefined ? [] : [scope], { agent })
      assert.equal(given.status, 200, given.text())
      return sendOnce(server, call, `Bearer ${stringAt(given.json(), 'access_token')}`)
    },
  }
}

function repositoriesOf(name: string): (repository: string) => string {
  const prefix = name.replaceAll(/[^a-z]+/gi, '-').toLowerCase()
  return (repository) => `conformance/${prefix}/${repository}`
}
