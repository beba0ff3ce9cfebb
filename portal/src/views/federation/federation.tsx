import {
  Button,
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
import { createFederated } from '../../api/applications.ts'
import type { GraphApplication } from '../../api/graph-types.ts'
import { useOwnRole } from '../../identities/use-directory-role.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { ErrorView } from '../../shell/error-view.tsx'
import { Facts } from '../../shell/facts.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { identitiesTexts } from '../../texts/identities.ts'
import { texts } from '../../texts.ts'
import { useApplication, useChangedApplication } from '../application/use-application.ts'
import { useRegistries } from '../home/use-home.ts'
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
      <Field label={view.registry} hint={view.noRegistry} required>
        <Input value={value} spellCheck={false} onChange={(_event, data) => onChange(data.value.trim())} />
      </Field>
    )
  }
  return (
    <Field label={view.registry} hint={view.registryHint}>
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
            <Button
              appearance="primary"
              disabledFocusable={isReader || create.isPending || create.isSuccess}
              {...(isReader && { title: identitiesTexts.onlyApplicationOwners })}
              onClick={() => create.mutate()}
            >
              {view.create}
            </Button>
          </div>
        </div>
        <div aria-live="polite">
          {create.isError && <ErrorView error={create.error} />}
          {create.isSuccess && (
            <MessageBar intent="success">
              <MessageBarBody>{view.createdTitle}</MessageBarBody>
            </MessageBar>
          )}
        </div>
      </Section>
      <Section title={view.paste}>
        <CopyText label={view.paste} text={textToPaste({ system, values, loginServer, clientId: appId })} />
        {system === 'azure' && <AzureAudience loginServer={loginServer} />}
      </Section>
      <Section title={texts.commandLine}>
        <CopyText
          label={texts.commandLine}
          text={`az ad app federated-credential create --id ${appId} --parameters '${shellText(JSON.stringify({ name, ...rule }))}'`}
        />
        <Text>{view.role}</Text>
        <CopyText
          label={view.roleLabel}
          text={`az role assignment create --assignee ${appId} --role AcrPush --scope "$(az acr show --name ${registryName(loginServer)} --query id --output tsv)"`}
        />
      </Section>
    </>
  )
}

function AzureAudience({ loginServer }: { readonly loginServer: string }) {
  const body = JSON.stringify({ properties: { workloadTokenAudiences: [azureAudience] } })
  return (
    <>
      <Text>{view.azureAudience}</Text>
      <CopyText
        label={view.azureAudience}
        text={`az rest --method patch --url "$(az acr show --name ${registryName(loginServer)} --query id --output tsv)?api-version=2025-03-01-preview" --body '${body}'`}
      />
    </>
  )
}

const registryName = (loginServer: string) => loginServer.split(/[.:]/)[0] ?? loginServer

/** A text between single quotes of a shell. */
const shellText = (text: string) => text.replaceAll("'", String.raw`'\''`)
