import type { FastifyReply } from 'fastify'
import { enrolmentPage } from './pages/enrolment-pages.ts'
import { type Stage, formOf, show } from './stage.ts'
import type { PendingAccount } from './sessions.ts'

export const enrolmentTitle = 'Set up a second factor'

/** Asks a person who must have a second factor to set one up. */
export async function showEnrolment(stage: Stage, account: PendingAccount, problem?: string): Promise<FastifyReply> {
  const needsCode = await stage.site.credentials.needsEnrolmentCode(account.user.objectId, account.methods)
  const body = enrolmentPage(formOf(stage), { needsCode, canAddPasskey: stage.site.passkeys.isAvailable, problem })
  return show(stage, {
    title: enrolmentTitle,
    body,
    hasError: problem !== undefined,
    status: problem === undefined ? 200 : 400,
  })
}
