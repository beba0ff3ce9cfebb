import { setTimeout as sleep } from 'node:timers/promises'
import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { createHttpClient } from '../../clients/http/http.ts'
import { readAuthority } from '../../clients/servers/select-server.ts'
import { unverifiedClaims } from '../../clients/tokens/token-claim.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { version } from '../../framework/environment/version.ts'
import { type Log, createLog } from '../../framework/terminal/log.ts'
import { helpText } from './help-text.ts'
import { type PulledImage, isMatch, parsePulledImage } from './image-pattern.ts'
import { install } from './install.ts'
import { logIn } from './log-in.ts'
import { apiVersion, readRequest } from './request.ts'
import { type ProviderSettings, readSettings } from './settings.ts'

/** The kubelet ends the provider after a minute, and then shows no message of the provider. [kubernetes, plugin.go] */
const deadlineMs = 50_000

/** A login is not cached in its last minutes, so that the login does not expire during a pull. */
const marginSeconds = 300

/** Runs `acrux-credential-provider`: reads the request of the kubelet from standard input, and prints only the answer. */
export async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return void process.stdout.write(helpText)
  if (args.includes('--version') || args[0] === 'version')
    return void process.stdout.write(`acrux-credential-provider (acrux) ${version}\n`)
  const log = createLog(process.stderr, args.includes('--debug') ? { debug: true } : {})
  try {
    if (args[0] === 'install') return await install(args.slice(1))
    const late = sleep(deadlineMs, undefined, { ref: false }).then(() => {
      throw failure(
        `the login did not complete within ${deadlineMs / 1000} seconds`,
        'check that the registry is reachable',
      )
    })
    const response = await Promise.race([answer(args, log), late])
    process.stdout.write(`${JSON.stringify(response)}\n`)
  } catch (error) {
    const isExpected = error instanceof CommandFailure
    log.error(isExpected ? error.message : plainReason(error), isExpected ? error.nextStep : undefined)
    process.exit(isExpected ? error.exitCode : 1)
  }
}

type Login = { readonly username: string; readonly password: string }

/** [kubernetes.io, Kubelet CredentialProvider (v1)] The kubelet rejects a response with any other field. */
type ProviderResponse = {
  readonly apiVersion: typeof apiVersion
  readonly kind: 'CredentialProviderResponse'
  readonly cacheKeyType: 'Image' | 'Registry'
  readonly cacheDuration: string
  readonly auth: Readonly<Record<string, Login>>
}

async function answer(args: readonly string[], log: Log): Promise<ProviderResponse> {
  const { env } = process
  const settings = await readSettings(args, env)
  const request = await readRequest(process.stdin)
  const image = parsePulledImage(request.image)
  if (image === undefined || !settings.registries.some((pattern) => isMatch(pattern, image))) {
    log.debug(`the image ${request.image} does not belong to a registry in the settings`)
    return response('Image', 0, {})
  }
  const ca = settings.caFile === undefined ? undefined : await readAuthority(settings.caFile)
  const http = createHttpClient({ ca, log, env })
  const password = await logIn({ http, settings, env }, image, request)
  return loginResponse(settings, image, password)
}

function loginResponse(
  { loginScope, cacheSeconds }: ProviderSettings,
  { loginServer, repository }: PulledImage,
  password: string,
): ProviderResponse {
  const expiresAt = Number(unverifiedClaims(password)['exp'] ?? 0)
  const remaining = Math.floor(expiresAt - Date.now() / 1000) - marginSeconds
  const seconds = Math.max(0, Math.min(cacheSeconds, remaining))
  const login = { username: nullGuid, password }
  return loginScope === 'registry'
    ? response('Registry', seconds, { [loginServer]: login })
    : response('Image', seconds, { [`${loginServer}/${repository}`]: login })
}

function response(
  cacheKeyType: ProviderResponse['cacheKeyType'],
  seconds: number,
  auth: ProviderResponse['auth'],
): ProviderResponse {
  return { apiVersion, kind: 'CredentialProviderResponse', cacheKeyType, cacheDuration: `${seconds}s`, auth }
}
