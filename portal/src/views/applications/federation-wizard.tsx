import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import {
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Option,
  Radio,
  RadioGroup,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { changeRegistry } from '../../api/access.ts'
import { createFederated } from '../../api/applications.ts'
import type { GraphApplication } from '../../api/graph-types.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { GiveRole } from '../../components/identities/give-role.tsx'
import { useOwnRole } from '../../components/identities/use-directory-role.ts'
import { useRegistries, useRegistry } from '../../components/registries/use-registry.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import {
  type JobField,
  type JobSystem,
  type JobValues,
  azureAudience,
  fieldsOf,
  ruleOf,
  systems,
  textToPaste,
  usualValues,
} from './job-systems.ts'
import { useApplication, useChangedApplication, usePrincipal } from './use-application.ts'

const view = identitiesTexts.wizard

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 32rem)',
    rowGap: tokens.spacingVerticalM,
  },
})

/** Makes an application trust a job or a pod, step by step. */
export function FederationWizard() {
  const { id } = useParams({ from: '/shell/applications/$id/federation' })
  const query = useApplication(id)
  return (
    <Page title={view.title}>
      <AppLink to="/applications/$id" params={{ id }} search={{ part: 'federation' }}>
        {view.back}
      </AppLink>
      <Loaded query={query}>{(application) => <Wizard application={application} />}</Loaded>
    </Page>
  )
}

function Wizard({ application }: { readonly application: GraphApplication }) {
  const styles = useStyles()
  const { system = 'github' } = useSearch({ from: '/shell/applications/$id/federation' })
  const navigate = useNavigate({ from: '/applications/$id/federation' })
  const [given, setGiven] = useState<JobValues>({})
  const [typedServer, setTypedServer] = useState<string>()
  const registries = useRegistries()
  const servers = (registries.data ?? []).map(({ properties }) => properties.loginServer)
  const loginServer = typedServer ?? servers[0] ?? ''
  const values = { ...usualValues[system], ...given }
  const isComplete = loginServer !== '' && fieldsOf[system].every((field) => (values[field] ?? '') !== '')
  return (
    <>
      <Section title={view.system}>
        <RadioGroup
          aria-label={view.system}
          value={system}
          onChange={(_event, { value }) => {
            setGiven({})
            void navigate({ search: { system: systems.find((one) => one === value) ?? 'github' }, replace: true })
          }}
        >
          {systems.map((one) => (
            <Radio key={one} value={one} label={view.systems[one]} />
          ))}
        </RadioGroup>
      </Section>
      <Section title={view.details}>
        <div className={styles.form}>
          <ServerField servers={servers} value={loginServer} onChange={setTypedServer} />
          {fieldsOf[system].map((field) => (
            <Field key={field} label={view.fields[field]} {...hintOf(system, field)} required>
              <Input
                value={values[field] ?? ''}
                spellCheck={false}
                onChange={(_event, { value }) => setGiven({ ...given, [field]: value.trim() })}
              />
            </Field>
          ))}
        </div>
      </Section>
      {isComplete ? (
        <Outcome key={system} application={application} system={system} values={values} loginServer={loginServer} />
      ) : (
        <Text>{view.incomplete}</Text>
      )}
    </>
  )
}

type ServerFieldProps = {
  readonly servers: readonly string[]
  readonly value: string
  readonly onChange: (server: string) => void
}

function ServerField({ servers, value, onChange }: ServerFieldProps) {
  if (servers.length === 0) {
    return (
      <Field label={words.registry} hint={view.noRegistry} required>
        <Input value={value} spellCheck={false} onChange={(_event, data) => onChange(data.value.trim())} />
      </Field>
    )
  }
  return (
    <Field label={words.registry} hint={view.registryHint}>
      <Dropdown
        value={value}
        selectedOptions={[value]}
        onOptionSelect={(_event, { optionValue }) => onChange(optionValue ?? '')}
      >
        {servers.map((server) => (
          <Option key={server}>{server}</Option>
        ))}
      </Dropdown>
    </Field>
  )
}

/** Where the value of a field is found. */
function hintOf(system: JobSystem, field: JobField): { readonly hint?: string } {
  const { fields } = view
  const hints: Partial<Record<JobField, string>> = {
    repositoryId: fields.repositoryIdHint,
    projectId: fields.projectIdHint,
    issuer: {
      gitlab: fields.gitlabIssuerHint,
      kubernetes: fields.clusterIssuerHint,
      azure: fields.azureIssuerHint,
      github: '',
    }[system],
    subject: fields.azureSubjectHint,
    connection: fields.connectionHint,
  }
  const hint = hints[field]
  return hint === undefined ? {} : { hint }
}

type OutcomeProps = {
  readonly application: GraphApplication
  readonly system: JobSystem
  readonly values: JobValues
  readonly loginServer: string
}

/** The rule, the button that creates it, and the text for the job. */
function Outcome({ application, system, values, loginServer }: OutcomeProps) {
  const styles = useStyles()
  const { id, appId } = application
  const [name, setName] = useState<string>(system)
  const isReader = useOwnRole() === 'reader'
  const changed = useChangedApplication(id)
  const rule = ruleOf(system, values, loginServer)
  const create = useMutation({
    mutationFn: async () => {
      await createFederated(id, { ...rule, name })
      await changed()
    },
  })
  return (
    <>
      <Section title={view.rule}>
        <Facts
          facts={[
            [view.ruleLabels.issuer, rule.issuer],
            [view.ruleLabels.audience, rule.audiences[0]],
            [view.ruleLabels.trust, <code key="trust">{rule.claimsMatchingExpression?.value ?? rule.subject}</code>],
          ]}
        />
        <div className={styles.form}>
          <Field label={view.name} hint={view.nameHint} required>
            <Input value={name} onChange={(_event, { value }) => setName(value)} spellCheck={false} />
          </Field>
          <div>
            <ActionButton
              appearance="primary"
              reason={isReader ? identitiesTexts.onlyApplicationOwners : undefined}
              disabled={create.isPending || create.isSuccess}
              onClick={() => create.mutate()}
            >
              {view.create}
            </ActionButton>
          </div>
        </div>
        <div aria-live="polite">
          {create.isError && <ErrorView isAct error={create.error} />}
          {create.isSuccess && (
            <MessageBar intent="success">
              <MessageBarBody>{view.createdTitle}</MessageBarBody>
            </MessageBar>
          )}
        </div>
      </Section>
      <Section title={view.paste}>
        <Text>{view.save[system]}</Text>
        <CopyText label={view.paste} text={textToPaste({ system, values, loginServer, clientId: appId })} />
      </Section>
      {system === 'azure' && <AzureAudience loginServer={loginServer} />}
      <CommandLine
        text={`az ad app federated-credential create --id ${appId} --parameters ${shellWord(JSON.stringify({ name, ...rule }))}`}
      />
      <Role application={application} loginServer={loginServer} isCreated={create.isSuccess} />
    </>
  )
}

type RoleProps = Pick<OutcomeProps, 'application' | 'loginServer'> & { readonly isCreated: boolean }

/** What is left to do: without a role, the job signs in and may not push. */
function Role({ application, loginServer, isCreated }: RoleProps) {
  const { registry } = useRegistry(loginServer)
  const isForRegistry = registry?.properties.roleAssignmentMode === 'LegacyRegistryPermissions'
  const repository = isForRegistry ? "'*'" : 'team/app'
  const name = registry?.name ?? registryName(loginServer)
  return (
    <Section title={view.roleTitle}>
      <Text>{view.role(isForRegistry ? 'AcrPush' : 'Container Registry Repository Writer')}</Text>
      {isCreated && <GiveRoleTo application={application} />}
      <CommandLine text={`acrux acr grant ${application.appId} push ${repository} --name ${name}`} />
    </Section>
  )
}

function GiveRoleTo({ application }: { readonly application: GraphApplication }) {
  const { data } = usePrincipal(application)
  return data ? <GiveRole principal={data.id} /> : null
}

/** Tokens of Azure DevOps have an audience of their own, which the registry must accept. */
function AzureAudience({ loginServer }: { readonly loginServer: string }) {
  const { registry } = useRegistry(loginServer)
  const audiences = [...(registry?.properties.acrux.workloadTokenAudiences ?? []), azureAudience]
  const body = JSON.stringify({ properties: { acrux: { workloadTokenAudiences: audiences } } })
  const name = registry?.name ?? registryName(loginServer)
  return (
    <Section title={view.audienceTitle}>
      <Text>{view.azureAudience}</Text>
      {registry !== undefined && <AcceptAudience registry={registry} />}
      <CommandLine
        text={`az rest --method patch --url "$(az acr show --name ${name} --query id --output tsv)?api-version=2025-03-01-preview" --body '${body}'`}
      />
    </Section>
  )
}

function AcceptAudience({ registry }: { readonly registry: Registry }) {
  const { id, properties } = registry
  const readAgain = useReadAgain()
  const isAccepted = properties.acrux.workloadTokenAudiences.includes(azureAudience)
  const accept = useMutation({
    mutationFn: async () => {
      await changeRegistry(id, {
        acrux: { workloadTokenAudiences: [...properties.acrux.workloadTokenAudiences, azureAudience] },
      })
      await readAgain(['registries'])
    },
  })
  const lacks = useLacks(id)(writeAction)
  return (
    <>
      {!isAccepted && (
        <div>
          <ActionButton reason={lacks} disabled={accept.isPending} onClick={() => accept.mutate()}>
            {view.accept}
          </ActionButton>
        </div>
      )}
      {accept.isError && <ErrorView isAct error={accept.error} />}
      <DoneMessage text={isAccepted ? view.accepted : undefined} />
    </>
  )
}

const writeAction = 'Microsoft.ContainerRegistry/registries/write'

const registryName = (loginServer: string) => loginServer.split(/[.:]/)[0] ?? loginServer

/** A text between single quotes of a shell. */
