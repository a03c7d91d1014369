import type { RouteDocument } from '@streaks/shared/http/openapi/route-document';
import { checkInDocument } from './check-ins/check-in-route';
import { updateDocument } from './check-ins/update-route';
import { erasureDocument } from './people/erasure-route';
import { addFriendDocument, removeFriendDocument } from './people/friend-routes';
import { retractionDocument } from './sessions/retraction-route';
import { batchDocument, sessionDocument } from './sessions/session-documents';
import { organisationSettingsDocument } from './settings-changes/organisation-settings-route';
import { userSettingsDocument } from './settings-changes/user-settings-route';

/** Every route of ingest beside those that all services have. */
export const routeDocuments: readonly RouteDocument[] = [
  sessionDocument,
  batchDocument,
  retractionDocument,
  checkInDocument,
  updateDocument,
  userSettingsDocument,
  organisationSettingsDocument,
  addFriendDocument,
  removeFriendDocument,
  erasureDocument,
];
