//! Lines of transactions and their details.

use super::common::{ANY, CUSTOM_FIELD, LINKED};
use crate::quickbooks::entities::Type;
use crate::quickbooks::shape::Kind::{
    Amount, Choice, Date, Flag, Free, LineId, Many, Number, One, OtherRef, Party, Ref, Text, Whole,
};
use crate::quickbooks::shape::{Field, Shape, f, ro};

pub(crate) static LINE: Shape = Shape {
    parts: &[&[
        f("Id", LineId),
        f("LineNum", Whole),
        f("Description", Text(4000)),
        f("Amount", Amount),
        ro("Received", Number),
        f("LinkedTxn", Many(&LINKED)),
        f("DetailType", Choice(DETAIL_TYPES)),
        f("PaymentLineDetail", Free),
        f("DiscountLineDetail", One(&DISCOUNT)),
        f("TaxLineDetail", One(&TAX_LINE)),
        f("SalesItemLineDetail", One(&SALES_ITEM)),
        f("DescriptionLineDetail", One(&DESCRIPTION)),
        f("ItemBasedExpenseLineDetail", One(&ITEM_EXPENSE)),
        f("AccountBasedExpenseLineDetail", One(&ACCOUNT_EXPENSE)),
        f("ReimburseLineDetail", Free),
        f("DepositLineDetail", One(&DEPOSIT)),
        f("JournalEntryLineDetail", One(&JOURNAL)),
        f("GroupLineDetail", One(&GROUP)),
        f("SubTotalLineDetail", One(&SUBTOTAL)),
        f("CustomField", Many(&CUSTOM_FIELD)),
        ro("LineEx", Free),
        f("ProjectRef", OtherRef),
        f("CostAmount", Number),
        ro("HomeCostAmount", Number),
        f("CustomExtensions", Free),
    ]],
};

static DETAIL_TYPES: &[&str] = &[
    "PaymentLineDetail",
    "DiscountLineDetail",
    "TaxLineDetail",
    "SalesItemLineDetail",
    "ItemBasedExpenseLineDetail",
    "AccountBasedExpenseLineDetail",
    "DepositLineDetail",
    "PurchaseOrderItemLineDetail",
    "ItemReceiptLineDetail",
    "JournalEntryLineDetail",
    "GroupLineDetail",
    "DescriptionOnly",
    "SubTotalLineDetail",
    "SalesOrderItemLineDetail",
    "TDSLineDetail",
    "ReimburseLineDetail",
    "ItemAdjustmentLineDetail",
];

static BILLABLE: &[&str] = &["Billable", "NotBillable", "HasBeenBilled"];

static MARKUP: Shape = Shape {
    parts: &[&[
        f("PercentBased", Flag),
        f("Value", Number),
        f("Percent", Number),
        f("PriceLevelRef", OtherRef),
        f("MarkUpIncomeAccountRef", Ref(Type::Account)),
    ]],
};

static ITEM_PART: &[Field] = &[
    f("ItemRef", Ref(Type::Item)),
    f("ClassRef", Ref(Type::Class)),
    f("UnitPrice", Number),
    f("UnitCostPrice", Number),
    f("RatePercent", Number),
    f("PriceLevelRef", OtherRef),
    f("MarkupInfo", One(&MARKUP)),
    f("Qty", Number),
    f("UOMRef", Free),
    f("ItemAccountRef", Ref(Type::Account)),
    f("InventorySiteRef", OtherRef),
    f("TaxCodeRef", OtherRef),
    f("TaxClassificationRef", OtherRef),
    f("TaxInclusiveAmt", Number),
];

static ITEM_EXPENSE: Shape = Shape {
    parts: &[
        ITEM_PART,
        &[
            f("CustomerRef", Ref(Type::Customer)),
            f("BillableStatus", Choice(BILLABLE)),
            ro("ItemBasedExpenseLineDetailEx", Free),
        ],
    ],
};

static ACCOUNT_EXPENSE: Shape = Shape {
    parts: &[&[
        f("CustomerRef", Ref(Type::Customer)),
        f("ClassRef", Ref(Type::Class)),
        f("AccountRef", Ref(Type::Account)),
        f("BillableStatus", Choice(BILLABLE)),
        f("MarkupInfo", One(&MARKUP)),
        f("TaxAmount", Number),
        f("TaxCodeRef", OtherRef),
        f("TaxInclusiveAmt", Number),
        ro("ExpenseDetailLineDetailEx", Free),
    ]],
};

static SALES_ITEM: Shape = Shape {
    parts: &[
        ITEM_PART,
        &[
            f("ServiceDate", Date),
            f("DiscountRate", Number),
            f("DiscountAmt", Number),
            f("DeferredRevenue", Flag),
            f("RetainageAmount", Number),
            ro("SalesItemLineDetailEx", Free),
        ],
    ],
};

static SUBTOTAL: Shape = Shape { parts: &[&[f("ItemRef", OtherRef), f("ServiceDate", Date)]] };

static DESCRIPTION: Shape =
    Shape { parts: &[&[f("ServiceDate", Date), f("TaxCodeRef", OtherRef), ro("DescriptionLineDetailEx", Free)]] };

static DISCOUNT: Shape = Shape {
    parts: &[&[
        f("DiscountRef", OtherRef),
        f("PercentBased", Flag),
        f("DiscountPercent", Number),
        f("DiscountAccountRef", Ref(Type::Account)),
        f("ServiceDate", Date),
        f("ClassRef", Ref(Type::Class)),
        f("TaxCodeRef", OtherRef),
        ro("DiscountLineDetailEx", Free),
    ]],
};

static GROUP: Shape = Shape {
    parts: &[&[
        f("GroupItemRef", Ref(Type::Item)),
        f("Quantity", Number),
        f("UOMRef", Free),
        f("ServiceDate", Date),
        f("Line", Many(&LINE)),
        ro("GroupLineDetailEx", Free),
    ]],
};

static ENTITY_TYPE_REF: Shape = Shape {
    parts: &[&[f("Type", Choice(&["Customer", "Employee", "Job", "Other", "Vendor"])), f("EntityRef", OtherRef)]],
};

static JOURNAL: Shape = Shape {
    parts: &[&[
        f("PostingType", Choice(&["Credit", "Debit"])),
        f("Entity", One(&ENTITY_TYPE_REF)),
        f("AccountRef", Ref(Type::Account)),
        f("ClassRef", Ref(Type::Class)),
        f("DepartmentRef", Ref(Type::Department)),
        f("TaxCodeRef", OtherRef),
        f("TaxRateRef", OtherRef),
        f("TaxApplicableOn", Choice(&["Purchase", "Sales"])),
        f("TaxAmount", Number),
        f("TaxInclusiveAmt", Number),
        f("BillableStatus", Choice(BILLABLE)),
        f("JournalCodeRef", OtherRef),
        ro("JournalEntryLineDetailEx", Free),
    ]],
};

static DEPOSIT: Shape = Shape {
    parts: &[&[
        f("Entity", Party),
        f("ClassRef", Ref(Type::Class)),
        f("AccountRef", Ref(Type::Account)),
        f("PaymentMethodRef", OtherRef),
        f("CheckNum", Text(21)),
        f("TxnType", Text(ANY)),
        f("TaxCodeRef", OtherRef),
        f("TaxApplicableOn", Choice(&["Purchase", "Sales"])),
        ro("DepositLineDetailEx", Free),
    ]],
};

static TAX_LINE: Shape = Shape {
    parts: &[&[
        f("TaxRateRef", OtherRef),
        f("PercentBased", Flag),
        f("TaxPercent", Number),
        f("NetAmountTaxable", Number),
        f("TaxInclusiveAmount", Number),
        f("OverrideDeltaAmount", Number),
        f("ServiceDate", Date),
        ro("TaxLineDetailEx", Free),
    ]],
};

pub(crate) static TAX_DETAIL: Shape = Shape {
    parts: &[&[
        f("DefaultTaxCodeRef", OtherRef),
        f("TxnTaxCodeRef", OtherRef),
        f("TotalTax", Amount),
        f("TaxReviewStatus", Choice(&["NON_AST_TAX", "AST_TAX_OVERRIDE"])),
        f("TaxLine", Many(&LINE)),
        f("UseAutomatedSalesTax", Flag),
    ]],
};
