import { z } from 'zod'
import type { ExternalAssertion, FederatedCredentialRecord } from '../../credentials/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { parseClaimsExpression } from '@acrux/shared/standards/oauth/federated-trust.ts'
import { requirePathId } from '../protocol/context.ts'
import { GraphError, resourceNotFound } from '../protocol/errors.ts'
import { tokenTestOutcomes } from '../protocol/model.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** A claim of a token with another value than a federated credential requires. */
const claimDifference = z.strictObject({
  claim: z.string(),
  expected: z.string(),
  actual: z.string().nullable().describe('Null if the token lacks the claim, or if the claim is not a string.'),
})

const credentialTest = z.strictObject({
  id: z.guid(),
  name: z.string(),
  isMatch: z.boolean(),
  differences: z.array(claimDifference),
})

/** Ours: Microsoft Graph has no such function. */
export const tokenTestSchema = z
  .strictObject({
    outcome: z.enum(tokenTestOutcomes).describe('`matched` if the application can sign in with the token now.'),
    issuer: z.string(),
    subject: z.string(),
    audiences: z.array(z.string()),
    credentials: z.array(credentialTest),
  })
  .register(apiSchemas, { id: 'graph.workloadTokenTest' })

/** The body of `testWorkloadToken`. */
export const tokenTestBody = z
  .strictObject({ token: z.string().min(1).max(16_384) })
  .register(apiSchemas, { id: 'graph.testWorkloadToken' })

/**
 * `POST /applications/{id}/testWorkloadToken`: whether a token of a CI system or a cluster would sign the application in, and
 * which claims differ from each federated credential. The token is neither stored nor logged, and nothing is issued for it.
 */
export const testToken: GraphHandler<typeof tokenTestSchema, typeof tokenTestBody> = async (context, call) => {
  const holderId = requirePathId(call)
  const { token } = call.readBody()
  const application = await context.directory.applications.find(holderId)
  if (application === undefined) throw resourceNotFound(holderId)
  const tested = await context.testWorkloadToken(token.trim(), application.appId)
  if (tested === undefined) {
    throw new GraphError('badRequest', 'The text is not a JSON Web Token with an issuer and a subject.')
  }
  const { outcome, assertion } = tested
  const records = await context.credentials.federatedCredentials.list(holderId)
  return {
    outcome,
    issuer: assertion.issuer,
    subject: assertion.subject,
    audiences: [...assertion.audiences],
    credentials: records.map((record) => compare(record, assertion)),
  }
}

/** Compares what `credentials` compares, claim by claim. */
function compare(record: FederatedCredentialRecord, assertion: ExternalAssertion): DocumentOf<typeof credentialTest> {
  const { issuer, subject, audiences, claim } = assertion
  const equalities = record.claimsExpression === null ? [] : (parseClaimsExpression(record.claimsExpression) ?? [])
  const wanted = [
    { claim: 'iss', expected: record.issuer, actual: issuer },
    { claim: 'aud', expected: record.audience, actual: audiences.join(', ') },
    ...(record.subject === null ? [] : [{ claim: 'sub', expected: record.subject, actual: subject }]),
    ...equalities.map(({ claim: name, value }) => ({ claim: name, expected: value, actual: claim(name) ?? null })),
  ]
  const differences = wanted.filter(({ expected, actual }) => expected !== actual)
  return { id: record.id, name: record.name, isMatch: differences.length === 0, differences }
}
