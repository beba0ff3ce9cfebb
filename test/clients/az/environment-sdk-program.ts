import { ContainerRegistryClient } from '@azure/container-registry'
import { EnvironmentCredential } from '@azure/identity'

/*
 * Prints the names of the repositories of a registry, one per line. The argument is the URL of the registry; the cloud, the
 * tenant and the credential come from the environment.
 */

const credential = new EnvironmentCredential({ disableInstanceDiscovery: true })
const client = new ContainerRegistryClient(process.argv[2] ?? '', credential)
for await (const name of client.listRepositoryNames()) process.stdout.write(`${name}\n`)
