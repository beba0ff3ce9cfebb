import type { FastifyReply } from 'fastify'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountNavigation, requireAccount } from './account.ts'
import { assets } from '../pages/assets.ts'
import { PageError } from '../flow/errors.ts'
import { recoveryCodesPage } from '../pages/security-pages.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { type NewMethod, recordSession, sendSession } from '../flow/record-authentication.ts'
import { type PageCall, eventOf, readField } from '../flow/page-call.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'

/** The account in the form, if it may change its sign-in methods. @throws PageError, SignInRequired */
export function accountOfForm(context: Context, call: PageCall, form: Form): Account {
  return requireMethodOwner(context, call, readField(form, 'account'))
}

/**
 * The account, if it may change its sign-in methods. A person who signs in only through another provider may not, because a
 * passkey would still work after the provider revokes access. For a linked account, a sign-in through the provider is not
 * enough, so that the provider cannot add a sign-in method.
 *
 * @throws PageError, SignInRequired
 */
export function requireMethodOwner(context: Context, call: PageCall, objectId: string): Account {
  const account = requireAccount(context, call, { objectId, page: 'security' })
  if (account.user.external) throw new PageError('elsewhere')
  return account
}

/**
 * Changes the sign-in methods of a person. The transaction checks again that the session is still valid, so that a
 * session that has just ended cannot add a method.
 *
 * @throws AuthenticationRejectedError, PageError
 */
export function changeMethods<Result>(
  { database, credentials }: Context,
  { user, methods, signInId }: Account,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    await credentials.requireSignIn(transaction, { user, signInId })
    // Another sign-in may have added the first second factor since the session was read; it is then required.
    if ((await credentials.secondFactorDue(user.objectId, methods, transaction)) !== undefined)
      throw new PageError('outdated')
    // The pages ask for the code first, so a form without it did not come from them.
    if (await credentials.needsAccessPass(user.objectId, methods, transaction)) throw new PageError('accessPass')
    return work(transaction)
  })
}

/** Whether the first second factor requires an owner's code, and the session was made with only a password. */
export function needsOwnerCode({ credentials }: Context, { user, methods }: Account): Promise<boolean> {
  return credentials.needsAccessPass(user.objectId, methods)
}

type MethodChange = {
  readonly transaction: Transaction
  readonly objectId: string
  readonly kind: 'method-added' | 'method-removed'
  readonly method: string
}

/** Records a security event for a change of sign-in methods. */
export function recordMethodChange(
  { credentials }: Context,
  { origin }: PageCall,
  { transaction, objectId, kind, method }: MethodChange,
): Promise<void> {
  return credentials.securityEvents.record(transaction, objectId, { kind, detail: method, origin })
}

/**
 * Adds a second factor, and shows new recovery codes with the first one. The same transaction replaces the session: adding
 * the first second factor ends all sign-ins with only a password, including the sign-in of this session. A later
 * transaction could not tell whether an administrator had ended that sign-in. Returns false, and sends no response, if
 * nothing was added.
 */
export async function addMethod(
  context: Context,
  call: PageCall,
  account: Account,
  { kind, methods, add }: NewMethod,
): Promise<boolean> {
  const { user, authenticatedAtMs } = account
  const { objectId } = user
  const { secondFactors } = context.credentials
  const needsCodes = (await secondFactors.of(objectId)).recoveryCodes === 0
  const event = eventOf(call, account, { action: 'second-factor.add', outcome: 'success', detail: { kind } })
  const authentication = {
    user,
    methods: [...new Set([...account.methods, ...methods])],
    authenticatedAtMs,
    remaining: [],
  }
  const added = await changeMethods(context, account, async (transaction) => {
    if (!(await add(transaction))) return undefined
    await context.audit.record(transaction, event)
    await recordMethodChange(context, call, { transaction, objectId, kind: 'method-added', method: kind })
    const codes = needsCodes ? await secondFactors.newRecoveryCodes(transaction, objectId) : []
    return { codes, sessionId: await recordSession(context, call, transaction, authentication) }
  })
  if (added === undefined) return false
  const { codes, sessionId } = added
  sendSession(context, call, authentication, sessionId)
  if (codes.length === 0) backToSecurity(call, account, 'change')
  else await sendRecoveryCodes(context, call, account, codes)
  return true
}

/** Removes a sign-in method, and records the removal. `remove` returns whether the method existed. */
export async function removeMethod(
  context: Context,
  call: PageCall,
  account: Account,
  { kind, remove }: { readonly kind: string; readonly remove: (transaction: Transaction) => Promise<boolean> },
): Promise<void> {
  const event = eventOf(call, account, { action: 'second-factor.remove', outcome: 'success', detail: { kind } })
  await changeMethods(context, account, async (transaction) => {
    if (!(await remove(transaction))) return
    await context.audit.record(transaction, event)
    const { objectId } = account.user
    await recordMethodChange(context, call, { transaction, objectId, kind: 'method-removed', method: kind })
  })
}

/** Redirects to the security page. After a change, the page offers to sign out everywhere else. */
export function backToSecurity({ reply }: PageCall, { user }: Account, after?: 'change'): FastifyReply {
  return redirectTo(reply, `/account/security?account=${user.objectId}${after === undefined ? '' : '&changed=yes'}`)
}

/** Shows new recovery codes. */
export function sendRecoveryCodes(
  context: Context,
  call: PageCall,
  account: Account,
  codes: readonly string[],
): Promise<FastifyReply> {
  const { objectId, userPrincipalName } = account.user
  const body = recoveryCodesPage(userPrincipalName, codes, `/account/security?account=${objectId}&changed=yes`)
  return sendPage(context, call.reply, {
    title: 'Your recovery codes',
    body,
    script: assets.recoveryCodesScript.path,
    navigation: accountNavigation(call, account, 'security'),
    isWide: true,
  })
}
