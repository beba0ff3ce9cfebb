export { decisionDocument } from './decision-document.ts'
export { createDecisions, type Decisions } from './decisions.ts'
export {
  type AccessExplanation,
  type AllowedPrincipalPage,
  type Decision,
  type ModeChangeList,
  accessExplanationResponse,
  allowedPrincipalsResponse,
  decisionResponse,
  modeChangesResponse,
} from './model.ts'
