import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { type HostCertificate, certificateResponse } from '../arm/host-certificate.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'hostCertificates' | 'resources'>

/** The maximum number of hosts in a response. */
const maxHosts = 500

const certificatesResponse = z
  .strictObject({
    value: z
      .array(certificateResponse)
      .describe(`At most ${maxHosts} hosts: first hosts with problems, then hosts whose certificates expire first.`),
    hostCount: z.int(),
  })
  .register(apiSchemas, { id: 'HostCertificates' })

/** `GET …/Acrux.Server/certificates`: the certificate of each host; none over plain HTTP. */
export async function listCertificates(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof certificatesResponse>> {
  await requireSubscription(context, call)
  const all = (await context.hostCertificates()).toSorted(byUrgency)
  return { value: all.slice(0, maxHosts), hostCount: all.length }
}
listCertificates.response = certificatesResponse

function byUrgency(one: HostCertificate, other: HostCertificate): number {
  const problem = Number(hasProblem(other)) - Number(hasProblem(one))
  if (problem !== 0) return problem
  return one.expiresAt.localeCompare(other.expiresAt) || one.host.localeCompare(other.host)
}

function hasProblem({ coversHost, acme }: HostCertificate): boolean {
  return !coversHost || acme?.state === 'failed'
}
