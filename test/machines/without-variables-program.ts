import { fileURLToPath } from 'node:url'
import { assignRole, registryId, roles } from '../harness/arm.ts'
import { clientHome, mustRun } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { azHome, claimsOf, useCloud } from '../clients/az/az.ts'
import { startMachine } from './machine.ts'

const sdkProgram = fileURLToPath(new URL('../clients/az/managed-identity-program.ts', import.meta.url))
const metadataAddress = '169.254.169.254'

/**
 * Signs az and the Azure SDK in without variables: for a separate network, in which the loopback interface has the
 * address that they try by default. Prints, as JSON, the identity of each.
 */
async function signInWithoutVariables(): Promise<unknown> {
  await using server = await startServer()
  await using machine = await startMachine(server, 'bare', [], ['--listen', `${metadataAddress}:80`])
  await assignRole(server, machine.own.objectId, roles.reader, registryId(server))
  const direct = {
    NO_PROXY: `localhost,127.0.0.1,${metadataAddress}`,
    no_proxy: `localhost,127.0.0.1,${metadataAddress}`,
  }
  using az = azHome(server.caFile, direct)
  await useCloud(az, server)
  await az.text('login', '--identity')
  const byAz = stringAt(await az.json('account', 'get-access-token'), 'accessToken')
  using home = clientHome(server.caFile)
  const input = JSON.stringify({ scope: 'https://management.azure.com/.default' })
  const ran = await mustRun(process.execPath, [sdkProgram], { env: { ...home.env, ...direct }, input })
  const oidOf = (token: string) => stringAt(claimsOf(token), 'oid')
  return {
    machine: machine.own.objectId,
    az: oidOf(byAz),
    sdk: oidOf(stringAt(JSON.parse(ran.stdout) as unknown, 'token')),
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(await signInWithoutVariables()))
