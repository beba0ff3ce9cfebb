import { version } from '../version.ts'

const usage = 'Usage: docker-credential-acrux <get|store|erase|list|version>\n'

/** `docker-credential-acrux`: the credential helper of docker, podman and other clients. [docker-credential-helpers protocol] */
export async function main([action]: readonly string[]): Promise<void> {
  if (action === 'version') {
    process.stdout.write(`docker-credential-acrux (acrux) ${version}\n`)
    return
  }
  process.stdout.write(usage)
  process.exitCode = 1
}
