import { existsSync } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { makePrivateDirectory, writeFileDurably } from '@acrux/server/durable-file'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../../framework/command/failure.ts'
import { locked } from '../../framework/files/locked.ts'
import { configDirectory } from '../../framework/profile/profile.ts'
import { isRecord } from '../../framework/values/record.ts'

/** The value of `credHelpers`: the part of the helper's name after `docker-credential-`. */
const helper = 'acrux'

/** The property of the configuration files that names a helper for each registry. [docker-cli config.json; containers-auth.json(5)] */
const property = 'credHelpers'

/**
 * The file with the credentials of `podman login`. podman reads this file first. The file is deleted when the machine
 * restarts. [containers-auth.json(5)] Without `XDG_RUNTIME_DIR`, which sudo and services do not set, podman uses
 * `/run/containers/UID`.
 */
export function runtimeFile(runtime: string | undefined, userId: number | undefined): string | undefined {
  if (runtime !== undefined) return path.join(runtime, 'containers', 'auth.json')
  return userId === undefined ? undefined : `/run/containers/${userId}/auth.json`
}

/** The configuration files of docker and podman. Other clients read one of these files. */
export function clientFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const docker = path.join(set('DOCKER_CONFIG') ?? path.join(homedir(), '.docker'), 'config.json')
  const own = set('REGISTRY_AUTH_FILE')
  if (own !== undefined) return [docker, own]
  const lasting = path.join(set('XDG_CONFIG_HOME') ?? path.join(homedir(), '.config'), 'containers', 'auth.json')
  const first = runtimeFile(set('XDG_RUNTIME_DIR'), process.getuid?.())
  return [docker, lasting, ...(first !== undefined && existsSync(first) ? [first] : [])]
}

type Environment = NodeJS.ProcessEnv

/**
 * Makes the clients that read a file ask the helper for a registry. Returns false if the clients already do so. @throws
 * CommandFailure
 */
export function addToFile(file: string, loginServer: string, env: Environment): Promise<boolean> {
  return changeFile(file, env, (helpers) =>
    helpers[loginServer] === helper ? undefined : { ...helpers, [loginServer]: helper },
  )
}

/** Reverts {@link addToFile}. Returns false if there was nothing to revert. @throws CommandFailure */
export function removeFromFile(file: string, loginServer: string, env: Environment): Promise<boolean> {
  return changeFile(file, env, ({ [loginServer]: present, ...others }) => (present === helper ? others : undefined))
}

type Helpers = Readonly<Record<string, unknown>>

type Change = (helpers: Helpers) => Helpers | undefined

/** Changes the file. Two commands at once do not overwrite each other's change. */
async function changeFile(file: string, env: Environment, change: Change): Promise<boolean> {
  return locked(configDirectory(env), () => replaceFile(file, change))
}

/** Replaces the file, unless `change` returns undefined. The other content and the mode of the file stay the same. */
async function replaceFile(file: string, change: Change): Promise<boolean> {
  try {
    // A symbolic link remains, and its target is replaced.
    const target = await realpath(file).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    })
    const document: unknown = target === undefined ? {} : JSON.parse((await readFile(target, 'utf8')).trim() || '{}')
    if (!isRecord(document)) throw new Error('the file contains no JSON object')
    const { [property]: present, ...others } = document
    const changed = change(isRecord(present) ? present : {})
    if (changed === undefined) return false
    const next = { ...others, ...(Object.keys(changed).length > 0 && { [property]: changed }) }
    const mode = target === undefined ? 0o600 : (await stat(target)).mode & 0o777
    await makePrivateDirectory(path.dirname(target ?? file))
    await writeFileDurably(target ?? file, `${JSON.stringify(next, undefined, '\t')}\n`, mode)
    return true
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'the file is not valid JSON' : plainReason(error)
    throw failure(`the file ${file} cannot be changed: ${reason}`, 'correct or remove the file, and try again', error)
  }
}
