import { Text } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { deleteApplication, enablePrincipal } from '../../api/applications.ts'
import type { GraphApplication, GraphServicePrincipal } from '../../api/graph-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { GiveRole } from '../../components/identities/give-role.tsx'
import { EnabledBadge } from '../../components/identities/state-badge.tsx'
import { useOwnerReason } from '../../components/identities/use-directory-role.ts'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { Certificates } from './certificates.tsx'
import { Federation } from './federation.tsx'
import { Secrets } from './secrets.tsx'
import { useApplication, useChangedApplication, usePrincipal } from './use-application.ts'

const view = identitiesTexts.application

const parts = { overview: view.overview, credentials: view.credentials, federation: view.federation }

/** One application, its credentials and the tokens that it trusts. */
export function Application() {
  const { id } = useParams({ from: '/shell/applications/$id' })
  const { part = 'overview' } = useSearch({ from: '/shell/applications/$id' })
  const navigate = useNavigate({ from: '/applications/$id' })
  const query = useApplication(id)
  return (
    <Page title={query.data?.displayName ?? identitiesTexts.applications}>
      <AppLink to="/applications">{identitiesTexts.applications}</AppLink>
      <Loaded query={query}>
        {(application) => (
          <>
            <Tabs
              tabs={parts}
              selected={part}
              onSelect={(name) => void navigate({ search: name === 'overview' ? {} : { part: name } })}
            />
            {part === 'overview' && <Overview application={application} />}
            {part === 'credentials' && (
              <>
                <Secrets application={application} />
                <Certificates application={application} />
              </>
            )}
            {part === 'federation' && <Federation application={application} />}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Overview({ application }: { readonly application: GraphApplication }) {
  const { id, appId, createdDateTime } = application
  const query = usePrincipal(application)
  return (
    <>
      <Loaded query={query}>
        {(principal) => (
          <>
            <ApplicationActions application={application} principal={principal} />
            {principal !== null && <GiveRole principal={principal.id} />}
            <Facts
              facts={[
                [words.clientId, <code key="client">{appId}</code>],
                [words.objectId, <code key="id">{id}</code>],
                [view.principal, principal === null ? texts.none : <code key="principal">{principal.id}</code>],
                [words.created, formatTime(createdDateTime)],
                [
                  words.state,
                  principal === null ? (
                    view.noPrincipal
                  ) : (
                    <EnabledBadge key="state" isEnabled={principal.accountEnabled} />
                  ),
                ],
              ]}
            />
          </>
        )}
      </Loaded>
      <CommandLine text={`az ad app show --id ${appId}`} />
      <Text>{identitiesTexts.applicationsView.hint}</Text>
    </>
  )
}

type ApplicationActionsProps = {
  readonly application: GraphApplication
  readonly principal: GraphServicePrincipal | null
}

function ApplicationActions({ application, principal }: ApplicationActionsProps) {
  const { id, displayName } = application
  const reason = useOwnerReason()
  const changed = useChangedApplication(id)
  const navigate = useNavigate()
  const [question, setQuestion] = useState<Question>()
  const isEnabled = principal?.accountEnabled ?? false
  const enabling = isEnabled ? words.disable : words.enable
  const askEnable = () =>
    setQuestion({
      title: identitiesTexts.ask(enabling, displayName),
      text: isEnabled ? view.disableText(displayName) : view.enableText(displayName),
      action: enabling,
      act: () => enablePrincipal(principal?.id ?? '', !isEnabled).then(changed),
    })
  const askDelete = () =>
    setQuestion({
      title: identitiesTexts.ask(words.delete, displayName),
      text: view.deleteText(displayName),
      action: words.delete,
      act: async () => {
        await deleteApplication(id)
        await navigate({ to: '/applications' })
        await changed()
      },
    })
  return (
    <>
      <ActionBar
        actions={[
          ...(principal === null ? [] : [{ label: enabling, reason, act: askEnable }]),
          { label: words.delete, reason, act: askDelete },
        ]}
      />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
    </>
  )
}
