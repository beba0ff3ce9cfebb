import { createHash } from 'node:crypto'
import { expectStatus } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import type { RunningServer } from '../harness/server.ts'
import { attackerKeys, signedBy, timesNow } from '../faults/forged-token.ts'
import { newCode, type Identity } from './machine.ts'

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A new key, and the request that enrolls a machine with it by a code. */
export function enrollment(server: RunningServer, code: string) {
  const keys = attackerKeys('ES256')
  const { kty, crv, x, y } = keys.publicKey.export({ format: 'jwk' })
  const code_sha256 = createHash('sha256').update(code).digest('base64url')
  const proof = signedBy(keys, { alg: 'ES256', typ: 'acrux-enroll+jwt', jwk: { kty, crv, x, y } }, { code_sha256 })
  const url = `${server.baseUrl}/common/machines/enroll`
  return { keys, ask: () => request({ method: 'POST', url, caFile: server.caFile, ...form({ code, proof }) }) }
}

/** Asks for a token of a resource: as the machine, or as an identity attached to it. The answer is not judged. */
export type AskAsMachine = (resource: string, identity?: Identity) => Promise<HttpResponse>

/** Enrolls a machine that requests its tokens itself, without `acrux identity-endpoint`. */
export async function enrollBare(server: RunningServer, name: string): Promise<AskAsMachine> {
  const { keys, ask: enrolling } = enrollment(server, await newCode(server, name))
  const enrolled = expectStatus(await enrolling(), 200).json()
  const clientId = stringAt(enrolled, 'clientId')
  const tokenEndpoint = stringAt(enrolled, 'tokenEndpoint')
  const header = { alg: 'ES256', typ: 'acrux-machine+jwt', kid: stringAt(enrolled, 'keyId') }
  return (resource, identity) => {
    const wanted = identity === undefined ? {} : { acrux_identity: { client_id: identity.clientId } }
    const claims = { iss: clientId, sub: clientId, aud: tokenEndpoint, ...wanted, ...timesNow() }
    const client_assertion = signedBy(keys, header, claims)
    const fields = { grant_type: 'client_credentials', client_id: clientId, client_assertion_type: jwtBearer }
    return request({
      method: 'POST',
      url: tokenEndpoint,
      caFile: server.caFile,
      ...form({ ...fields, client_assertion, resource }),
    })
  }
}
