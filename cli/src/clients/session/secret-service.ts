import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../../framework/command/failure.ts'
import { locked } from '../../framework/files/locked.ts'
import { configDirectory } from '../../framework/profile/profile.ts'
import { isRecord } from '../../framework/values/record.ts'
import type { SecretStore, Secrets } from '../tokens/secrets.ts'

type Environment = Readonly<Record<string, string | undefined>>

const helper = 'docker-credential-secretservice'

/** The address under which the Secret Service has the secrets of a sign-in. */
function addressOf(signInId: string): string {
  return `https://acrux.invalid/${signInId}`
}

/**
 * Opens the Secret Service of the desktop. Its methods throw a CommandFailure if the Secret Service does not answer.
 *
 */
export function openSecretService(env: Environment): SecretStore {
  const read = async (id: string): Promise<Secrets> => {
    const { code, output } = await runHelper('get', addressOf(id), env)
    if (code !== 0) {
      if (/not found/i.test(output)) return {}
      throw failure(`the Secret Service failed: ${output.trim()}`, 'unlock the keyring, or sign in again')
    }
    const secrets = parseSecrets(output)
    if (secrets === undefined) throw failure('the Secret Service returned malformed secrets', 'sign in again')
    return secrets
  }
  return {
    read,
    change: (id, change) =>
      locked(configDirectory(env), async () => {
        const present = await read(id)
        const changed = change(present)
        if (changed === undefined && Object.keys(present).length === 0) return
        const input =
          changed === undefined
            ? addressOf(id)
            : JSON.stringify({ ServerURL: addressOf(id), Username: 'acrux', Secret: JSON.stringify(changed) })
        const { code, output } = await runHelper(changed === undefined ? 'erase' : 'store', input, env)
        if (code === 0) return
        const verb = changed === undefined ? 'delete' : 'store'
        throw failure(`the Secret Service did not ${verb} the secrets: ${output.trim()}`, 'unlock the keyring')
      }),
  }
}

function parseSecrets(output: string): Secrets | undefined {
  try {
    const entry: unknown = JSON.parse(output)
    const secrets: unknown = isRecord(entry) ? JSON.parse(String(entry['Secret'])) : undefined
    return isRecord(secrets) ? secrets : undefined
  } catch {
    return undefined
  }
}

/** Whether the desktop session answers. @throws CommandFailure if the helper of the Secret Service is not installed */
export async function isSecretServiceRunning(env: Environment): Promise<boolean> {
  return (await runHelper('list', '', env)).code === 0
}

/** Runs the helper. Its input and output are the secrets, never its arguments. [docker-credential-helpers protocol] */
async function runHelper(
  action: 'get' | 'store' | 'erase' | 'list',
  input: string,
  env: Environment,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(helper, [action], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 10_000,
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const [output, code] = await Promise.all([text(child.stdout), ended])
    return { code, output }
  } catch (error) {
    throw failure(`${helper} cannot be run: ${plainReason(error)}`, undefined, error)
  }
}
