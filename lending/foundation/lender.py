"""Who lends, as contracts and cost tables name it."""

LENDER_ZH = "安心消费金融有限公司"
