import type { FastifyReply } from 'fastify'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountNavigation, hiddenFieldsOf } from './account.ts'
import { beginEnrolment } from '../authentication/enrolment.ts'
import { authenticatorPage } from '../pages/security-pages.ts'
import { qrCodeOf } from '../pages/qr-code.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, readField } from '../flow/page-call.ts'
import { sendPage } from '../flow/send-page.ts'
import {
  accountOfForm,
  changeMethods,
  needsOwnerCode,
  addMethod,
  removeMethod,
  backToSecurity,
} from './method-change.ts'

/** Starts the setup of an authenticator app. */
export async function submitNewAuthenticator(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(context, call, form)
  if (await needsOwnerCode(context, account)) return beginEnrolment(context, call, account)
  const { objectId, userPrincipalName } = account.user
  const issuer = (await context.directory.tenant()).displayName
  const made = await changeMethods(context, account, (transaction) =>
    context.credentials.secondFactors.enrolTotp(transaction, { objectId, userPrincipalName, issuer }),
  )
  if (made === undefined) return backToSecurity(call, account)
  return sendAuthenticator(context, call, account, made)
}

/** Checks the first code of the app. From then on, sign-ins require its codes. */
export async function submitAuthenticator(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(context, call, form)
  const { objectId } = account.user
  const code = readField(form, 'code').trim()
  const { secondFactors } = context.credentials
  const add = (transaction: Transaction) => secondFactors.confirmTotp(transaction, objectId, code)
  if (await addMethod(context, call, account, { kind: 'totp', methods: ['otp', 'mfa'], add })) return call.reply
  const issuer = (await context.directory.tenant()).displayName
  const person = { objectId, userPrincipalName: account.user.userPrincipalName, issuer }
  const made = await secondFactors.findPendingTotp(person)
  if (made === undefined) return backToSecurity(call, account)
  const problem = 'Incorrect code. Enter the current code from the app.'
  return sendAuthenticator(context, call, account, { ...made, problem })
}

/** Removes the authenticator app. */
export async function submitRemoveAuthenticator(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(context, call, form)
  const remove = (transaction: Transaction) =>
    context.credentials.secondFactors.removeTotp(transaction, account.user.objectId)
  await removeMethod(context, call, account, { kind: 'totp', remove })
  return backToSecurity(call, account, 'change')
}

function sendAuthenticator(
  context: Context,
  call: PageCall,
  account: Account,
  { secretBase32, uri, problem }: { readonly secretBase32: string; readonly uri: string; readonly problem?: string },
): Promise<FastifyReply> {
  const shown = { picture: qrCodeOf(uri), secret: secretBase32, problem }
  const body = authenticatorPage(hiddenFieldsOf(call, account), shown)
  const hasError = problem !== undefined
  return sendPage(context, call.reply, {
    title: 'Set up an authenticator app',
    body,
    navigation: accountNavigation(call, account, 'security'),
    isWide: true,
    hasError,
    status: hasError ? 400 : 200,
  })
}
