import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { getCredential } from './get.ts'
import { readInput } from './input.ts'
import { helperRegistriesOf } from './registries.ts'

const usage = 'Usage: docker-credential-acrux <get|store|erase|list|version>'

/**
 * `docker-credential-acrux`: the credential helper of docker, podman and other clients. An error is written to standard output, as
 * the protocol requires, and to standard error, because several clients do not show the output. [docker-credential-helpers protocol]
 */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const output = await run(args)
    process.stdout.write(output === '' ? '' : `${output}\n`)
  } catch (error) {
    process.exitCode = 1
    ;(await import('./report-failure.ts')).reportFailure(error)
  }
}

async function run([action, ...others]: readonly string[]): Promise<string> {
  if (others.length > 0) throw new CommandFailure(usage, 1)
  switch (action) {
    case 'get':
      return JSON.stringify(await getCredential(readInput(), process.env))
    case 'store':
      await (await import('./change.ts')).storeCredential(readInput(), process.env)
      return ''
    case 'erase':
      await (await import('./change.ts')).eraseCredential(readInput(), process.env)
      return ''
    case 'list': {
      const registries = helperRegistriesOf(await openProfile(process.env).read())
      return JSON.stringify(Object.fromEntries(registries.map(({ loginServer }) => [loginServer, nullGuid])))
    }
    case 'version':
      return `docker-credential-acrux (acrux) ${(await import('../../framework/environment/version.ts')).version}`
    default:
      throw new CommandFailure(usage, 1)
  }
}
