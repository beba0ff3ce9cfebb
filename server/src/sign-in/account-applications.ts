import type { FastifyReply } from 'fastify'
import type { Form } from '../standards/http/form.ts'
import { accountInQuery, accountNavigation, carriedFor, instant, requireAccount } from './account.ts'
import { withdrawalEvent } from './account-sign-ins.ts'
import { type Html, html } from './html.ts'
import { type Carried, carried } from './pages/layout.ts'
import { resourceName } from './proceed.ts'
import { type PageCall, type Site, goTo, sendPage, textOf } from './site.ts'

const destination = 'applications'
const maxListed = 200

/** Lists the applications that have the person's consent, and their access. */
export async function showApplications(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(site, call, { objectId: accountInQuery(call), destination, isFresh: false })
  const consents = await site.consents.find({ objectId: account.user.objectId }, maxListed)
  const form = carriedFor(call, account)
  const rows: Html[] = []
  for (const [clientId, given] of Map.groupBy(consents, ({ client_id }) => client_id)) {
    const name = (await site.protocol.findClient(clientId))?.displayName ?? 'A deleted application'
    const resources = given.map(({ audience }) => resourceName(audience)).join(', ')
    const sinceMs = Math.min(...given.map(({ given_at_ms }) => given_at_ms))
    rows.push(row(form, { clientId, name, resources, sinceMs }))
  }
  const body =
    rows.length === 0
      ? html`<p>No application has access to your account.</p>
          <p class="quiet">
            Applications that ask for your consent are listed here. You can remove their access at any time.
          </p>`
      : html`<p>These applications can act for you. Removing access signs you out of the application.</p>
          <ul class="rows">
            ${rows}
          </ul>`
  const navigation = accountNavigation(call, account, destination)
  return sendPage(site, call.reply, { title: 'Applications', body, navigation, isWide: true })
}

/** Withdraws a person's consents for an application, and ends the person's sign-ins to it. */
export async function submitWithdrawConsent(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = requireAccount(site, call, { objectId: textOf(form, 'account'), destination, isFresh: false })
  const { objectId } = account.user
  const clientId = textOf(form, 'client').slice(0, 64)
  await site.database.transaction(async (transaction) => {
    if (!(await site.consents.withdrawAll(transaction, objectId, clientId))) return
    await site.credentials.endSignInsTo(transaction, objectId, clientId)
    await site.audit.record(transaction, withdrawalEvent(call, account, clientId))
  })
  return goTo(call.reply, `/account/applications?account=${objectId}`)
}

type Access = {
  readonly clientId: string
  readonly name: string
  readonly resources: string
  readonly sinceMs: number
}

function row(form: Carried, { clientId, name, resources, sinceMs }: Access): Html {
  return html`<li>
    <span>
      <strong>${name}</strong>
      <span class="quiet">Access to: ${resources}</span>
      <span class="quiet">Since ${instant(sinceMs)}</span>
    </span>
    <form method="post" action="/account/applications/remove">
      ${carried(form, { client: clientId })}<button type="submit" aria-label="Remove access of ${name}">
        Remove access
      </button>
    </form>
  </li>`
}
