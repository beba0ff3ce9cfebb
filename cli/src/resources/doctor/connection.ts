import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { parseChallenge } from '../../clients/tokens/acr-exchange.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { sendProbe } from './probe.ts'
import { type Outcome, type Scene, type Step, failed, ok, skipped, warning } from './step.ts'

const dayMs = 86_400_000
const warnDays = 7

/** Tokens and certificates have times, and clients and servers tolerate only small differences. */
const maxClockDifferenceMs = 60_000

/** The checks of names, connection, certificate, clock and challenge. */
export const connectionSteps: readonly Step[] = [
  { check: 'names', needs: [], run: checkNames },
  { check: 'connection', needs: ['names'], run: checkConnection },
  { check: 'certificate', needs: ['connection'], run: (scene) => Promise.resolve(checkCertificate(scene)) },
  { check: 'clock', needs: ['connection'], run: (scene) => Promise.resolve(checkClock(scene)) },
  { check: 'challenge', needs: ['connection'], run: (scene) => Promise.resolve(checkChallenge(scene)) },
]

async function checkNames({ host, context }: Scene): Promise<Outcome> {
  const name = hostnameOf(host)
  if (isIP(name) !== 0) return ok(`${name} is an address`)
  try {
    const addresses = await lookup(name, { all: true })
    return ok(`${name} is ${addresses.map(({ address }) => address).join(', ')}`)
  } catch (error) {
    const proxy = context.env['HTTPS_PROXY'] ?? context.env['https_proxy'] ?? ''
    if (proxy !== '') return warning(`${name} is unknown to this machine; the proxy of HTTPS_PROXY may know it`)
    const reason = plainReason(error)
    return failed(`${name}: ${reason}`, `check the spelling, or add the name to the DNS or to /etc/hosts`)
  }
}

async function checkConnection(scene: Scene): Promise<Outcome> {
  const { host, ca, context } = scene
  try {
    scene.probe = await sendProbe(host, ca, context.env)
    return ok(`https://${host} responds`)
  } catch (error) {
    if (systemErrorCode(error) === 'EPROTO')
      return failed(`the server at ${host} does not speak TLS`, 'check the port; clients need HTTPS')
    return failed(
      `https://${host} does not respond: ${plainReason(error)}`,
      "check that the server is running, and that no firewall blocks the port; on the server's machine, run acrux health",
    )
  }
}

function checkCertificate({ probe, host }: Scene): Outcome {
  const [own] = probe?.chain ?? []
  if (probe === undefined || own === undefined) return failed('the server sent no certificate')
  const first = probe.chain.reduce((earliest, each) => (each.validToDate < earliest.validToDate ? each : earliest), own)
  const expires = first.validToDate.toISOString().slice(0, 10)
  if (probe.distrust !== undefined) return distrusted(probe.distrust, host, own.subjectAltName)
  const issuer = /CN=([^\n]*)/.exec(own.issuer)?.[1] ?? own.issuer.replaceAll('\n', ', ')
  const detail = `issued by ${issuer}; valid until ${expires}`
  const daysLeft = (first.validToDate.getTime() - Date.now()) / dayMs
  return daysLeft < warnDays ? warning(detail, 'the operator of the server must renew the certificate') : ok(detail)
}

function distrusted(code: string, host: string, names: string | undefined): Outcome {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return failed(
        'the certificate or the certificate authority has expired',
        'the operator of the server must renew the certificate; if the certificate should be valid, check the clock of this machine',
      )
    case 'CERT_NOT_YET_VALID':
      return failed('the certificate is not valid yet', 'check the clock of this machine')
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failed(
        `the certificate is for ${(names ?? 'no name').replaceAll('DNS:', '')}, not for ${hostnameOf(host)}`,
        'use a host name of the certificate, or set publicHost on the server',
      )
    default:
      return failed(
        `the certificate was issued by an untrusted certificate authority (${code})`,
        `acrux login --server https://${host} shows the fingerprint of the authority; or add --server and --ca-file FILE`,
      )
  }
}

function checkClock({ probe }: Scene): Outcome {
  const serverMs = Date.parse(probe?.headers.date ?? '')
  if (probe === undefined || Number.isNaN(serverMs)) return skipped('the response has no Date header')
  const differenceMs = probe.atMs - serverMs
  const seconds = Math.round(Math.abs(differenceMs) / 1000)
  // Date has whole seconds.
  if (seconds <= 1) return ok('the clocks of this machine and of the server agree')
  const detail = `the clock of this machine is ${seconds} s ${differenceMs > 0 ? 'ahead of' : 'behind'} the clock of the server`
  if (Math.abs(differenceMs) <= maxClockDifferenceMs) return ok(detail)
  return failed(detail, 'correct the wrong clock, for example with timedatectl set-ntp true')
}

function checkChallenge({ probe, host }: Scene): Outcome {
  const { status = 0, headers, body } = probe ?? {}
  const errors = valueAt(jsonIn(body), 'errors')
  const message = valueAt(Array.isArray(errors) ? errors[0] : undefined, 'message')
  const reason = typeof message === 'string' ? `: ${message}` : ''
  if (status === 403) {
    return failed(
      `${host} denies this address${reason}`,
      'an owner can allow the address in the network rules of the registry: acrux acr show --query networkRuleSet',
    )
  }
  const header = headers?.['www-authenticate']
  const challenge = header === undefined ? undefined : parseChallenge(header)
  if (status !== 401 || challenge === undefined) {
    return failed(
      `GET /v2/ returned ${status}, without a Bearer challenge${reason}`,
      `check that ${host} is the login server of a registry: acrux acr list -o table`,
    )
  }
  const { realm, service } = challenge
  if (realm.host === host.toLowerCase()) return ok(`tokens come from ${realm.origin}, for ${service}`)
  return failed(
    `${host} names ${realm.host} as its token service`,
    'set publicHost on the server; a proxy in front of the server must forward the Host header',
  )
}

function jsonIn(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '')
  } catch {
    return undefined
  }
}

function hostnameOf(host: string): string {
  return new URL(`https://${host}`).hostname.replace(/^\[|\]$/g, '')
}
