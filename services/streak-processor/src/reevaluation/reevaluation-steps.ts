/** Points of a page at which a crash is tested. The names are those of ARCHITECTURE.md. */
export const REEVALUATION_STEPS = ['J1_TAKEN', 'J2_LOCKED', 'J3_RECOUNTED', 'J4_NUMBERED', 'J5_COMMITTED'] as const;

export type ReevaluationStep = (typeof REEVALUATION_STEPS)[number];

/** Called after each step; a test stops, breaks or delays the process there. A promise is waited for. */
export type OnReevaluationStep = (step: ReevaluationStep) => void | Promise<void>;
