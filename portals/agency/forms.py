"""Every call that the agency's portal can prepare, by its name."""

from portals.agency.contract_forms import CONTRACT_FORMS
from portals.agency.governance_forms import GOVERNANCE_FORMS
from portals.agency.people_forms import PEOPLE_FORMS
from portals.agency.tender_forms import TENDER_FORMS

FORMS = {form.name: form for form in (*TENDER_FORMS, *CONTRACT_FORMS, *PEOPLE_FORMS, *GOVERNANCE_FORMS)}
