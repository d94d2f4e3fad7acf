//! Transactions.

use super::common::{
    ADDRESS, ANY, EMAIL, EMAIL_STATUS, ENTITY, MEMO, PAYMENT_TYPE, PRINT_STATUS, TAX_CALCULATION, TRANSACTION,
};
use super::{Entity, Family, Type, Voiding};
use crate::quickbooks::shape::Kind::{
    Amount, Choice, Date, Flag, Free, Number, One, OtherRef, Party, Ref, Stamp, Text, Whole,
};
use crate::quickbooks::shape::{Field, Shape, f, ro};

static PURCHASE_BY_VENDOR: &[Field] = &[
    f("VendorRef", Ref(Type::Vendor)),
    f("APAccountRef", Ref(Type::Account)),
    ro("TotalAmt", Number),
    f("BillEmail", One(&EMAIL)),
    f("ReplyEmail", One(&EMAIL)),
    f("Memo", Text(4000)),
    f("GlobalTaxCalculation", Choice(TAX_CALCULATION)),
    ro("TxnStatus", Text(ANY)),
];

pub(super) static PURCHASE_ORDER: Entity = Entity {
    name: "PurchaseOrder",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            PURCHASE_BY_VENDOR,
            &[
                f("TaxCodeRef", OtherRef),
                f("ClassRef", Ref(Type::Class)),
                f("ReimbursableInfoRef", OtherRef),
                f("SalesTermRef", Ref(Type::Term)),
                f("DueDate", Date),
                f("ExpectedDate", Date),
                f("VendorAddr", One(&ADDRESS)),
                f("ShipTo", OtherRef),
                f("DropShipToEntity", OtherRef),
                f("InventorySiteRef", OtherRef),
                f("ShipAddr", One(&ADDRESS)),
                f("ShipMethodRef", OtherRef),
                f("FOB", Text(ANY)),
                f("POEmail", One(&EMAIL)),
                f("TemplateRef", OtherRef),
                f("PrintStatus", Choice(PRINT_STATUS)),
                f("EmailStatus", Choice(EMAIL_STATUS)),
                f("ManuallyClosed", Flag),
                f("POStatus", Choice(&["Open", "Closed"])),
                ro("PurchaseOrderEx", Free),
            ],
        ],
    },
    required: &["VendorRef", "APAccountRef", "Line"],
    sparse: false,
    posting: false,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "DueDate", "TotalAmt", "VendorRef"],
    events: &["deleted", "emailed"],
};

pub(super) static BILL: Entity = Entity {
    name: "Bill",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            PURCHASE_BY_VENDOR,
            &[
                f("PayerRef", OtherRef),
                f("SalesTermRef", Ref(Type::Term)),
                f("DueDate", Date),
                f("RemitToAddr", One(&ADDRESS)),
                f("ShipAddr", One(&ADDRESS)),
                f("VendorAddr", One(&ADDRESS)),
                ro("Balance", Number),
                ro("HomeBalance", Number),
                ro("BillEx", Free),
                f("LessCIS", Number),
                f("IncludeInAnnualTPAR", Flag),
            ],
        ],
    },
    required: &["VendorRef", "Line"],
    sparse: false,
    posting: true,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "DueDate", "TotalAmt", "Balance", "VendorRef"],
    events: &["deleted"],
};

pub(super) static VENDOR_CREDIT: Entity = Entity {
    name: "VendorCredit",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            PURCHASE_BY_VENDOR,
            &[
                f("VendorAddr", One(&ADDRESS)),
                ro("VendorCreditEx", Free),
                ro("Balance", Number),
                f("IncludeInAnnualTPAR", Flag),
            ],
        ],
    },
    required: &["VendorRef", "Line"],
    sparse: false,
    posting: true,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "TotalAmt", "Balance", "VendorRef"],
    events: &["deleted"],
};

static CHECK: Shape = Shape {
    parts: &[&[
        f("BankAccountRef", Ref(Type::Account)),
        f("PrintStatus", Choice(PRINT_STATUS)),
        f("CheckDetail", Free),
        f("PayeeAddr", One(&ADDRESS)),
        ro("BillPaymentCheckEx", Free),
    ]],
};

static CARD: Shape = Shape {
    parts: &[&[f("CCAccountRef", Ref(Type::Account)), f("CCDetail", Free), ro("BillPaymentCreditCardEx", Free)]],
};

pub(super) static BILL_PAYMENT: Entity = Entity {
    name: "BillPayment",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            &[
                f("VendorRef", Ref(Type::Vendor)),
                f("VendorAddr", One(&ADDRESS)),
                f("APAccountRef", Ref(Type::Account)),
                f("PayType", Choice(&["Check", "CreditCard"])),
                f("CheckPayment", One(&CHECK)),
                f("CreditCardPayment", One(&CARD)),
                f("TotalAmt", Amount),
                f("ProcessBillPayment", Flag),
                ro("BillPaymentEx", Free),
                ro("TxnStatus", Text(ANY)),
            ],
        ],
    },
    required: &["VendorRef", "TotalAmt", "PayType", "Line"],
    sparse: false,
    posting: true,
    voiding: Voiding::Include,
    filters: &["DocNumber", "TxnDate", "TotalAmt", "VendorRef"],
    events: &["deleted", "void"],
};

static SALES: &[Field] = &[
    f("AutoDocNumber", Flag),
    f("CustomerRef", Ref(Type::Customer)),
    f("CustomerMemo", One(&MEMO)),
    f("BillAddr", One(&ADDRESS)),
    f("ShipAddr", One(&ADDRESS)),
    f("FreeFormAddress", Flag),
    f("ShipFromAddr", One(&ADDRESS)),
    f("RemitToRef", OtherRef),
    f("ClassRef", Ref(Type::Class)),
    f("SalesTermRef", Ref(Type::Term)),
    f("DueDate", Date),
    f("SalesRepRef", OtherRef),
    f("PONumber", Text(ANY)),
    f("FOB", Text(ANY)),
    f("ShipMethodRef", OtherRef),
    f("ShipDate", Date),
    f("TrackingNum", Text(ANY)),
    f("GlobalTaxCalculation", Choice(TAX_CALCULATION)),
    ro("TotalAmt", Number),
    ro("HomeTotalAmt", Number),
    f("ApplyTaxAfterDiscount", Flag),
    f("ShippingTaxIncludedInTotalTax", Flag),
    f("TemplateRef", OtherRef),
    f("PrintStatus", Choice(PRINT_STATUS)),
    f("EmailStatus", Choice(EMAIL_STATUS)),
    f("BillEmail", One(&EMAIL)),
    f("BillEmailCc", One(&EMAIL)),
    f("BillEmailBcc", One(&EMAIL)),
    f("ARAccountRef", Ref(Type::Account)),
    ro("Balance", Number),
    ro("HomeBalance", Number),
    f("FinanceCharge", Flag),
    f("PaymentMethodRef", OtherRef),
    f("PaymentRefNum", Text(21)),
    f("PaymentType", Choice(PAYMENT_TYPE)),
    f("CheckPayment", Free),
    f("CreditCardPayment", Free),
    f("DepositToAccountRef", Ref(Type::Account)),
    ro("DeliveryInfo", Free),
    f("DiscountRate", Number),
    f("DiscountAmt", Number),
    f("GovtTxnRefIdentifier", Text(ANY)),
    f("TaxExemptionRef", OtherRef),
];

pub(super) static ESTIMATE: Entity = Entity {
    name: "Estimate",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            SALES,
            &[
                f("TxnStatus", Choice(&["Pending", "Accepted", "Closed", "Rejected", "Converted"])),
                f("ExpirationDate", Date),
                f("AcceptedBy", Text(ANY)),
                f("AcceptedDate", Date),
                ro("EstimateEx", Free),
            ],
        ],
    },
    required: &["CustomerRef", "Line"],
    sparse: true,
    posting: false,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "DueDate", "TotalAmt", "CustomerRef", "ProjectRef"],
    events: &["deleted", "emailed"],
};

pub(super) static INVOICE: Entity = Entity {
    name: "Invoice",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            SALES,
            &[
                ro("TxnStatus", Text(ANY)),
                f("Deposit", Amount),
                f("AllowIPNPayment", Flag),
                f("AllowOnlinePayment", Flag),
                f("AllowOnlineCreditCardPayment", Flag),
                f("AllowOnlineACHPayment", Flag),
                f("AllowOnlinePayPalPayment", Flag),
                f("AllowOnlineAffirmPayment", Flag),
                ro("EInvoiceStatus", Text(ANY)),
                ro("ECloudStatusTimeStamp", Stamp),
                f("CfdiUse", Whole),
                f("Exportation", Text(ANY)),
                f("GlobalInfo", Free),
                ro("invoiceStatus", Text(ANY)),
                ro("callToAction", Text(ANY)),
                ro("invoiceStatusLog", Free),
                ro("InvoiceEx", Free),
                f("LessCIS", Number),
                ro("InvoiceLink", Text(ANY)),
                f("PaymentDetailsMessage", Text(ANY)),
                f("ConvenienceFeeDetail", Free),
                f("EnabledSurchargeInfo", Free),
                ro("InvoiceLinkSecurityCode", Text(ANY)),
                ro("InvoiceLinkExpiryDate", Date),
                ro("AutoPayEligible", Flag),
                ro("SchedulePayEligible", Flag),
                ro("ScheduledPaymentId", Text(ANY)),
                f("GratuityEnabled", Flag),
                ro("FinancingProductType", Text(ANY)),
                f("SubscriptionPaymentsSetting", Text(ANY)),
                f("TxnRetainageDetail", One(&RETAINAGE)),
            ],
        ],
    },
    required: &["CustomerRef", "Line"],
    sparse: true,
    posting: true,
    voiding: Voiding::Operation,
    filters: &["DocNumber", "TxnDate", "DueDate", "TotalAmt", "Balance", "CustomerRef"],
    events: &["deleted", "void", "emailed"],
};

static RETAINAGE: Shape = Shape { parts: &[&[f("RetainageAmount", Number), ro("RetainageOpenBalance", Number)]] };

pub(super) static CREDIT_MEMO: Entity = Entity {
    name: "CreditMemo",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            SALES,
            &[
                ro("TxnStatus", Text(ANY)),
                ro("RemainingCredit", Number),
                f("InvoiceRef", Ref(Type::Invoice)),
                ro("CreditMemoEx", Free),
            ],
        ],
    },
    required: &["CustomerRef", "Line"],
    sparse: false,
    posting: true,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "TotalAmt", "Balance", "CustomerRef"],
    events: &["deleted", "void", "emailed"],
};

pub(super) static PAYMENT: Entity = Entity {
    name: "Payment",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            &[
                ro("TxnStatus", Text(ANY)),
                f("CustomerRef", Ref(Type::Customer)),
                f("RemitToRef", OtherRef),
                f("ARAccountRef", Ref(Type::Account)),
                f("DepositToAccountRef", Ref(Type::Account)),
                f("PaymentMethodRef", OtherRef),
                f("PaymentRefNum", Text(21)),
                f("PaymentType", Choice(PAYMENT_TYPE)),
                f("CheckPayment", Free),
                f("CreditCardPayment", Free),
                f("TotalAmt", Amount),
                ro("UnappliedAmt", Number),
                f("ProcessPayment", Flag),
                ro("PaymentExtendedType", Text(ANY)),
                ro("PaymentEx", Free),
            ],
        ],
    },
    required: &["CustomerRef", "TotalAmt"],
    sparse: true,
    posting: true,
    voiding: Voiding::Include,
    filters: &["TxnDate", "TotalAmt", "CustomerRef"],
    events: &["deleted", "void", "emailed"],
};

static CASH_BACK: Shape =
    Shape { parts: &[&[f("AccountRef", Ref(Type::Account)), f("Amount", Amount), f("Memo", Text(ANY))]] };

pub(super) static DEPOSIT: Entity = Entity {
    name: "Deposit",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            &[
                ro("TxnStatus", Text(ANY)),
                f("DepositToAccountRef", Ref(Type::Account)),
                f("CashBack", One(&CASH_BACK)),
                f("GlobalTaxCalculation", Choice(TAX_CALCULATION)),
                ro("TotalAmt", Number),
                ro("HomeTotalAmt", Number),
                ro("DepositEx", Free),
            ],
        ],
    },
    required: &["DepositToAccountRef", "Line"],
    sparse: true,
    posting: true,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "TotalAmt"],
    events: &["deleted"],
};

pub(super) static PURCHASE: Entity = Entity {
    name: "Purchase",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            &[
                ro("TxnStatus", Text(ANY)),
                f("AccountRef", Ref(Type::Account)),
                f("PaymentMethodRef", OtherRef),
                f("PaymentRefNum", Text(21)),
                f("PaymentType", Choice(&["Cash", "Check", "CreditCard"])),
                f("CheckPayment", Free),
                f("CreditCardPayment", Free),
                f("EntityRef", Party),
                f("Credit", Flag),
                f("RemitToAddr", One(&ADDRESS)),
                ro("TotalAmt", Number),
                f("Memo", Text(4000)),
                f("PrintStatus", Choice(PRINT_STATUS)),
                f("GlobalTaxCalculation", Choice(TAX_CALCULATION)),
                ro("PurchaseEx", Free),
                f("LessCIS", Number),
                f("IncludeInAnnualTPAR", Flag),
            ],
        ],
    },
    required: &["PaymentType", "AccountRef", "Line"],
    sparse: false,
    posting: true,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "TotalAmt"],
    events: &["deleted", "void"],
};

pub(super) static JOURNAL_ENTRY: Entity = Entity {
    name: "JournalEntry",
    family: Family::Transaction,
    shape: &Shape {
        parts: &[
            ENTITY,
            TRANSACTION,
            &[
                ro("TxnStatus", Text(ANY)),
                f("Adjustment", Flag),
                f("HomeCurrencyAdjustment", Flag),
                f("EnteredInHomeCurrency", Flag),
                f("GlobalTaxCalculation", Choice(TAX_CALCULATION)),
                ro("TotalAmt", Number),
                ro("HomeTotalAmt", Number),
                ro("JournalEntryEx", Free),
            ],
        ],
    },
    required: &["Line"],
    sparse: true,
    posting: true,
    voiding: Voiding::No,
    filters: &["DocNumber", "TxnDate", "TotalAmt"],
    events: &["deleted"],
};
