use super::*;

fn upload(site: &mut Site, kind: &str, body: &str) -> Got {
    let mut request = site.request(Method::POST, "upload", body);
    request.headers_mut().insert("content-type", kind.parse().unwrap());
    site.send(request)
}

fn body(metadata: &str, content: &str) -> String {
    format!(
        "--x\r\nContent-Disposition: form-data; name=\"file_metadata_01\"\r\nContent-Type: application/json\r\n\r\n{metadata}\
         \r\n--x\r\nContent-Disposition: form-data; name=\"file_content_01\"; filename=\"a.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n{content}\r\n--x--\r\n"
    )
}

const FORM: &str = "multipart/form-data; boundary=x";

#[test]
fn a_file_is_kept_and_found_by_what_it_is_attached_to() {
    let mut site = site();
    let bill = id(&site.post("bill", &bill("")).ok("Bill"));
    let metadata =
        format!(r#"{{"AttachableRef":[{{"EntityRef":{{"type":"Bill","value":"{bill}"}}}}],"FileName":"b.pdf"}}"#);
    let answer = upload(&mut site, FORM, &body(&metadata, "%PDF-1.7")).ok("AttachableResponse");
    let kept = answer.as_array().unwrap()[0].get("Attachable").unwrap().clone();
    assert_eq!(text(&kept, &["FileName"]), "b.pdf");
    assert_eq!(site.qb.attachment(&id(&kept)), Some(&b"%PDF-1.7"[..]));
    let statement = |bill: &str| {
        format!(
            "select * from attachable where AttachableRef.EntityRef.Type='bill' and AttachableRef.EntityRef.value='{bill}'"
        )
    };
    let found = site.query(&statement(&bill)).ok("QueryResponse");
    assert_eq!(found.get("Attachable").and_then(Json::as_array).unwrap().len(), 1);
    assert!(site.query(&statement("424242")).ok("QueryResponse").get("Attachable").is_none());
    assert_eq!(site.query("select * from Attachable where FileName='b.pdf'").code(), "4001");
}

#[test]
fn what_is_wrong_with_a_file_stands_in_its_result() {
    let mut site = site();
    for (metadata, content, code) in [
        (r#"{"AttachableRef":[{"EntityRef":{"type":"Bill","value":"99999"}}]}"#, "x", "610"),
        (r#"{"Unknown":1}"#, "x", "2010"),
        ("{}", "", "6000"),
    ] {
        let answer = upload(&mut site, FORM, &body(metadata, content)).ok("AttachableResponse");
        let fault = answer.as_array().unwrap()[0].at(&["Fault", "Error"]).unwrap().as_array().unwrap()[0].clone();
        assert_eq!(text(&fault, &["code"]), code);
    }
    assert_eq!(upload(&mut site, "application/json", "{}").code(), "1050");
    assert_eq!(upload(&mut site, FORM, "--y").code(), "2010");
    assert_eq!(site.qb.attachments().count(), 0);
}

#[test]
fn a_report_lists_transactions_by_their_state_at_the_bank() {
    let mut site = site();
    let bill = id(&site.post("bill", &bill("")).ok("Bill"));
    let rows = |site: &mut Site, query: &str| {
        let got = site.get(&format!("reports/TransactionList?start_date=2026-01-01&end_date=2026-12-31&{query}"));
        got.ok("Rows").get("Row").and_then(Json::as_array).map_or(0, <[Json]>::len)
    };
    assert_eq!((rows(&mut site, "cleared=Uncleared"), rows(&mut site, "cleared=Reconciled")), (1, 0));
    site.qb.person_clears(site.now, "Bill", &bill, "Reconciled").unwrap();
    assert_eq!((rows(&mut site, "cleared=Uncleared"), rows(&mut site, "cleared=Reconciled")), (0, 1));
    assert_eq!(rows(&mut site, ""), 1);
    assert_eq!(site.get("reports/TransactionList?cleared=Maybe").code(), "2170");
    assert_eq!(site.get("reports/TransactionList?start_date=March").code(), "2060");
    assert_eq!(site.get("reports/Gossip").code(), "2000");
    assert!(site.qb.person_clears(site.now, "Bill", "99999", "Cleared").is_err());
}
