for applicant in cf.sandbox.applicants():
    print(applicant.fate, applicant.identity_no, applicant.card_no)
