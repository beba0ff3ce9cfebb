import type { FastifyReply } from 'fastify'
import type { Transaction } from '../platform/sql/database.ts'
import type { Form } from '../standards/http/form.ts'
import { accountInQuery, accountNavigation, carriedFor, requireAccount } from './account.ts'
import { assets } from './assets.ts'
import { PageError } from './errors.ts'
import { beginEnrolment } from './enrolment.ts'
import { html } from './html.ts'
import { askForNewPasskey, readNewPasskey } from './new-passkey.ts'
import {
  authenticatorPage,
  newPasskeyPage,
  recoveryCodesPage,
  removalPage,
  securityPage,
} from './pages/security-pages.ts'
import { qrCodeOf } from './qr-code.ts'
import type { Account } from './sessions.ts'
import { type PageCall, type Site, eventOf, goTo, queryText, sendPage, signIn, textOf } from './site.ts'

const destination = 'security'

/** Shows what somebody proves who they are with. */
export async function showSecurity(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(site, call, { objectId: accountInQuery(call), destination, isFresh: false })
  const { secondFactors } = site.credentials
  const { objectId } = account.user
  const held = await secondFactors.of(objectId)
  const passkeys = await secondFactors.passkeysOf(objectId)
  const canAddPasskey = site.passkeys.isAvailable
  const body = account.user.external
    ? html`<p>You sign in with your organisation’s provider. Change your password and second factor there.</p>`
    : securityPage(carriedFor(call, account), { held, passkeys, canAddPasskey })
  const navigation = accountNavigation(call, account, destination)
  return sendPage(site, call.reply, { title: 'Security', body, navigation, isWide: true })
}

/** Begins to set an authenticator app up. */
export async function submitNewAuthenticator(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(site, call, form)
  if (await needsOwnerCode(site, account)) return beginEnrolment(site, call, account)
  const { objectId, userPrincipalName } = account.user
  const issuer = (await site.directory.tenant()).displayName
  const made = await changeProofs(site, account, (transaction) =>
    site.credentials.secondFactors.enrolTotp(transaction, { objectId, userPrincipalName, issuer }),
  )
  if (made === undefined) return backToSecurity(call, account)
  return sendAuthenticator(site, call, account, made)
}

/** Takes the first code of the app: from then on it is asked for. */
export async function submitAuthenticator(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(site, call, form)
  const { objectId } = account.user
  const code = textOf(form, 'code').trim()
  const event = eventOf(call, account, { action: 'second-factor.add', outcome: 'success', detail: { kind: 'totp' } })
  const needsCodes = await needsRecoveryCodes(site, objectId)
  const codes = await changeProofs(site, account, async (transaction) => {
    if (!(await site.credentials.secondFactors.confirmTotp(transaction, objectId, code))) return undefined
    await site.audit.record(transaction, event)
    await tellOfMethod(site, call, { transaction, objectId, kind: 'method-added', method: 'totp' })
    return needsCodes ? site.credentials.secondFactors.newRecoveryCodes(transaction, objectId) : []
  })
  if (codes === undefined) {
    const issuer = (await site.directory.tenant()).displayName
    const person = { objectId, userPrincipalName: account.user.userPrincipalName, issuer }
    const made = await site.credentials.secondFactors.findPendingTotp(person)
    if (made === undefined) return backToSecurity(call, account)
    return sendAuthenticator(site, call, account, made, 'Incorrect code. Enter the one that the app shows now.')
  }
  return afterAdding(site, call, account, ['otp', 'mfa'], codes)
}

/** Asks for confirmation before a sign-in method is removed, and lists the remaining ones. */
export async function showRemoval(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireOwnProofs(site, call, accountInQuery(call))
  const { secondFactors } = site.credentials
  const held = await secondFactors.of(account.user.objectId)
  const passkeyId = new URLSearchParams(queryText(call)).get('passkey')
  const passkeys = await secondFactors.passkeysOf(account.user.objectId)
  const passkey = passkeys.find(({ id }) => id === passkeyId)
  // It may have been removed in the meantime; the page shows the remaining methods.
  if (passkeyId === null ? !held.totp : passkey === undefined) return backToSecurity(call, account)
  const isLast = Number(held.totp) + held.passkeys === 1
  const body = removalPage(carriedFor(call, account), { passkey, isLast })
  return sendPage(site, call.reply, { title: passkey === undefined ? 'Remove the app?' : 'Remove the passkey?', body })
}

/** Takes the authenticator app away. */
export async function submitRemoveAuthenticator(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(site, call, form)
  await remove(site, call, account, 'totp', (transaction) =>
    site.credentials.secondFactors.removeTotp(transaction, account.user.objectId),
  )
  return backToSecurity(call, account)
}

/** Shows the page that has the browser make a passkey. */
export async function showNewPasskey(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireOwnProofs(site, call, accountInQuery(call))
  if (await needsOwnerCode(site, account)) return beginEnrolment(site, call, account)
  return sendNewPasskey(site, call, account)
}

/** Takes the passkey that the browser made. */
export async function submitNewPasskey(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(site, call, form)
  const { user } = account
  const made = await readNewPasskey(site, call, user, form)
  if (made === undefined)
    return sendNewPasskey(site, call, account, 'Your browser did not create a passkey. Try again.')
  const event = eventOf(call, account, { action: 'second-factor.add', outcome: 'success', detail: { kind: 'passkey' } })
  const needsCodes = await needsRecoveryCodes(site, user.objectId)
  const codes = await changeProofs(site, account, async (transaction) => {
    const added = await site.credentials.secondFactors.addPasskey(transaction, made)
    if (added === undefined) return undefined
    await site.audit.record(transaction, event)
    await tellOfMethod(site, call, { transaction, objectId: user.objectId, kind: 'method-added', method: 'passkey' })
    return needsCodes ? site.credentials.secondFactors.newRecoveryCodes(transaction, user.objectId) : []
  })
  if (codes === undefined) {
    return sendNewPasskey(
      site,
      call,
      account,
      'This passkey is already registered, or you have reached the maximum of 20 passkeys.',
    )
  }
  return afterAdding(site, call, account, ['hwk', 'mfa'], codes)
}

/** Takes a passkey away. */
export async function submitRemovePasskey(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(site, call, form)
  await remove(site, call, account, 'passkey', (transaction) =>
    site.credentials.secondFactors.removePasskey(transaction, account.user.objectId, textOf(form, 'passkey')),
  )
  return backToSecurity(call, account)
}

/** Makes new recovery codes, in place of those there are, and shows them this once. */
export async function submitRecoveryCodes(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(site, call, form)
  const { objectId } = account.user
  const event = eventOf(call, account, { action: 'second-factor.recovery-codes', outcome: 'success' })
  const codes = await changeProofs(site, account, async (transaction) => {
    await site.audit.record(transaction, event)
    await tellOfMethod(site, call, { transaction, objectId, kind: 'method-added', method: 'recovery-codes' })
    return site.credentials.secondFactors.newRecoveryCodes(transaction, objectId)
  })
  return sendRecoveryCodes(site, call, account, codes)
}

function accountOfForm(site: Site, call: PageCall, form: Form): Account {
  return requireOwnProofs(site, call, textOf(form, 'account'))
}

/**
 * Requires a person who may change their sign-in methods. A person who signs in only through another provider may not:
 * a passkey would still work after the provider revokes access. For a linked account, a sign-in through the provider is
 * not enough, so that the provider cannot add a sign-in method.
 */
function requireOwnProofs(site: Site, call: PageCall, objectId: string): Account {
  const { user } = requireAccount(site, call, { objectId, destination, isFresh: false })
  if (user.external) throw new PageError('elsewhere')
  return requireAccount(site, call, { objectId, destination, isFresh: true })
}

/**
 * Changes what somebody proves themselves with, if their own proof counts still: nothing is added by a session that a reset
 * has ended meanwhile.
 *
 * @throws AuthenticationRefusedError
 */
function changeProofs<Result>(
  { database, credentials }: Site,
  { user, methods }: Account,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    await credentials.requireValidAuthentication(transaction, user)
    // Another sign-in may have added the first second factor since the session was read; it is then required.
    if ((await credentials.secondFactorDue(user.objectId, methods, transaction)) !== undefined)
      throw new PageError('outdated')
    // The pages ask for the code first, so a form without it did not come from them.
    if (await credentials.needsEnrolmentCode(user.objectId, methods, transaction)) throw new PageError('enrolmentCode')
    return work(transaction)
  })
}

/** Whether the first second factor requires an owner's code, and the session was made with only a password. */
function needsOwnerCode({ credentials }: Site, { user, methods }: Account): Promise<boolean> {
  return credentials.needsEnrolmentCode(user.objectId, methods)
}

type MethodChange = {
  readonly transaction: Transaction
  readonly objectId: string
  readonly kind: 'method-added' | 'method-removed'
  readonly method: string
}

/** Records a change of sign-in methods among the security events of the person. */
function tellOfMethod(
  { credentials }: Site,
  { origin }: PageCall,
  { transaction, objectId, kind, method }: MethodChange,
): Promise<void> {
  return credentials.securityEvents.record(transaction, objectId, { kind, detail: method, origin })
}

/** Whoever has a second factor for the first time gets codes for the day on which it is lost. */
async function needsRecoveryCodes(site: Site, objectId: string): Promise<boolean> {
  return (await site.credentials.secondFactors.of(objectId)).recoveryCodes === 0
}

async function afterAdding(
  site: Site,
  call: PageCall,
  account: Account,
  methods: readonly string[],
  codes: readonly string[],
): Promise<FastifyReply> {
  const { user, authenticatedAtMs } = account
  const all = [...new Set([...account.methods, ...methods])]
  await signIn(site, call, { user, methods: all, authenticatedAtMs, remaining: [] })
  return codes.length === 0 ? backToSecurity(call, account) : sendRecoveryCodes(site, call, account, codes)
}

async function remove(
  site: Site,
  call: PageCall,
  account: Account,
  kind: string,
  work: (transaction: Transaction) => Promise<boolean>,
): Promise<void> {
  const event = eventOf(call, account, { action: 'second-factor.remove', outcome: 'success', detail: { kind } })
  await changeProofs(site, account, async (transaction) => {
    if (!(await work(transaction))) return
    await site.audit.record(transaction, event)
    const { objectId } = account.user
    await tellOfMethod(site, call, { transaction, objectId, kind: 'method-removed', method: kind })
  })
}

function backToSecurity({ reply }: PageCall, { user }: Account): FastifyReply {
  return goTo(reply, `/account/security?account=${user.objectId}`)
}

function sendAuthenticator(
  site: Site,
  call: PageCall,
  account: Account,
  made: { readonly secretBase32: string; readonly uri: string },
  problem?: string,
): Promise<FastifyReply> {
  const shown = { picture: qrCodeOf(made.uri), secret: made.secretBase32, problem }
  const body = authenticatorPage(carriedFor(call, account), shown)
  const hasError = problem !== undefined
  return sendPage(site, call.reply, {
    title: 'Set up an authenticator app',
    body,
    hasError,
    status: hasError ? 400 : 200,
  })
}

async function sendNewPasskey(site: Site, call: PageCall, account: Account, problem?: string): Promise<FastifyReply> {
  const question = await askForNewPasskey(site, call, account.user)
  const action = '/account/security/passkey'
  const cancel = html`<a class="button" href="/account/security?account=${account.user.objectId}">Cancel</a>`
  const body = newPasskeyPage(carriedFor(call, account), { ...question, action, cancel, problem })
  const hasError = problem !== undefined
  const script = assets.passkeyScript.path
  return sendPage(site, call.reply, { title: 'Add a passkey', body, script, hasError, status: hasError ? 400 : 200 })
}

function sendRecoveryCodes(
  site: Site,
  call: PageCall,
  account: Account,
  codes: readonly string[],
): Promise<FastifyReply> {
  const { objectId, userPrincipalName } = account.user
  const body = recoveryCodesPage(userPrincipalName, codes, `/account/security?account=${objectId}`)
  return sendPage(site, call.reply, { title: 'Your recovery codes', body, script: assets.recoveryCodesScript.path })
}
