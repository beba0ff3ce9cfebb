import type { FastifyReply } from 'fastify'
import { enrolmentPage } from '../pages/enrolment-pages.ts'
import { type FlowStep, formOf, show } from './flow-step.ts'
import type { PendingAccount } from '../sessions/sessions.ts'

export const enrolmentTitle = 'Set up a second factor'

/** Asks a person who must have a second factor to set one up. */
export async function showEnrolment(step: FlowStep, account: PendingAccount, problem?: string): Promise<FastifyReply> {
  const needsCode = await step.context.credentials.needsAccessPass(account.user.objectId, account.methods)
  const body = enrolmentPage(formOf(step), { needsCode, canAddPasskey: step.context.passkeys.isAvailable, problem })
  return show(step, {
    title: enrolmentTitle,
    body,
    hasError: problem !== undefined,
    status: problem === undefined ? 200 : 400,
  })
}
